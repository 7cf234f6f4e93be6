"""What the account in memory answers to who looks whether anything is left, and to who builds an image there."""

# ruff: noqa: N803 - parameters are spelt as AWS spells them

import io

from botocore.exceptions import ClientError

LOOKS = 2  # until what was begun has ended


def refused(code, words):
    return ClientError({"Error": {"Code": code, "Message": words}}, "Operation")


# -- whether anything is left


def ec2_describe_instances(account, Filters):
    return {"Reservations": []}


def ec2_describe_volumes(account, Filters):
    return {"Volumes": []}


def ec2_describe_nat_gateways(account, Filter):
    return {"NatGateways": []}


def ec2_describe_addresses(account, Filters):
    return {"Addresses": []}


def elbv2_describe_load_balancers(account):
    return {"LoadBalancers": []}


def ecs_list_services(account, cluster):
    raise refused("ClusterNotFoundException", "no such cluster")


def ecs_list_tasks(account, cluster, serviceName=None, desiredStatus=None):
    if serviceName is None:
        raise refused("ClusterNotFoundException", "no such cluster")
    return {"taskArns": ["arn:task"] if account.fails else []}


def ecs_describe_tasks(account, cluster, tasks):
    return {"tasks": [{"stoppedReason": "CannotPullContainerError: image not found", "containers": []}]}


def ecs_describe_services(account, cluster, services):
    return {"services": [{"events": [{"message": "has reached a steady state"}]}]}


def resourcegroupstaggingapi_get_resources(account, TagFilters):
    return {"ResourceTagMappingList": [{"ResourceARN": one} for one in account.leftover]}


# -- codebuild and its bucket


def codebuild_list_builds_for_project(account, projectName):
    return {"ids": list(account.builds)}


def codebuild_start_build(account, projectName, sourceLocationOverride, environmentVariablesOverride):
    assert sourceLocationOverride.partition("/")[2] in account.objects, "nothing was sent to build from"
    number = f"{projectName}:{len(account.builds)}"
    variables = {"environmentVariables": [{**v, "type": "PLAINTEXT"} for v in environmentVariablesOverride]}
    account.builds[number] = {"id": number, "buildStatus": "IN_PROGRESS", "looks": LOOKS + 2, "environment": variables}
    return {"build": account.builds[number]}


def codebuild_batch_get_builds(account, ids):
    for build in (account.builds[number] for number in ids):
        build["looks"] -= 1
        if build["looks"] <= 0 and build["buildStatus"] == "IN_PROGRESS":
            reason = account.fails.get(("build", "BUILD"))
            build["buildStatus"] = "FAILED" if reason else "SUCCEEDED"
            build["phases"] = [{"phaseType": "BUILD", "contexts": [{"message": reason}]}] if reason else []
            build["logs"] = {"groupName": "/aws/codebuild/rag-pilot-build", "streamName": "one"}
    return {"builds": [account.builds[number] for number in ids]}


def logs_get_log_events(account, logGroupName, logStreamName, limit):
    return {"events": [{"message": "no matching manifest for linux/amd64\n"}]}


def s3_put_object(account, Bucket, Key, Body):
    account.objects[Key] = Body if isinstance(Body, bytes) else Body.read()
    return {}


def s3_get_object(account, Bucket, Key):
    if Key not in account.objects:
        raise refused("NoSuchKey", "The specified key does not exist.")
    return {"Body": io.BytesIO(account.objects[Key])}


def s3_head_bucket(account, Bucket):
    return {}


def s3_list_objects_v2(account, Bucket, Prefix="", ContinuationToken="0"):
    """Two a page, for who reads page by page."""
    keys, at = sorted(key for key in account.objects if key.startswith(Prefix)), int(ContinuationToken)
    more = {"IsTruncated": True, "NextContinuationToken": str(at + 2)} if at + 2 < len(keys) else {}
    return {"Contents": [{"Key": key} for key in keys[at : at + 2]], **more}


def s3_delete_objects(account, Bucket, Delete):
    for one in Delete["Objects"]:
        del account.objects[one["Key"]]
    return {}
