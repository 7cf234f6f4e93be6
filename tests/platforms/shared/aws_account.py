"""An AWS account in memory, as far as a deployment asks it: every call is counted, and one of them can be the last.

Requests are held to botocore's own model. Stacks take a few looks to end, as CloudFormation's do.
"""

# ruff: noqa: N803 - parameters are spelt as AWS spells them

import itertools
import re
from datetime import UTC, datetime, timedelta
from functools import cache

import boto3
import yaml
from botocore.validate import validate_parameters

from harness.platforms.shared.aws_deploy.stacks import parameters_of
from tests.peers.cuts import Calls
from tests.platforms.shared import aws_looks
from tests.platforms.shared.aws_looks import LOOKS, refused
from tests.platforms.shared.rigs import KEYS

NUMBER = "123456789012"
REGISTRY = f"{NUMBER}.dkr.ecr.us-east-1.amazonaws.com"
BEGAN = datetime(2026, 11, 27, 9, tzinfo=UTC)


class Account(Calls):
    """An account with nothing in it."""

    def __init__(self, cut_at=None, *, after=False, held=False):
        super().__init__(cut_at, after=after)
        self.held, self.asked = held, []
        self.stacks, self.events, self.repositories, self.images, self.tags = {}, {}, {}, {}, {}
        self.parameters, self.certificates, self.roles, self.groups = {}, {}, set(), set()
        self.cost_tags, self.backfills, self.since, self.versions = {"pilot": "Inactive"}, [], None, {}
        self.fails, self.denied, self.leftover = {}, set(), []
        self.builds, self.objects, self.pushes = {}, {}, 0
        self.image, self.zones = "ami-0123", ["a", "b"]
        self._ticks = itertools.count()

    def make(self, service, region):
        return Client(self, service)

    @property
    def empty(self):
        there = [s for s in self.stacks.values() if s["StackStatus"] != "DELETE_COMPLETE"]
        return not (there or self.repositories or self.parameters or self.certificates or self.groups)

    @property
    def standing(self):
        return {name: s["StackStatus"] for name, s in self.stacks.items()}

    def event(self, name, logical, status, reason=None):
        kind = "AWS::CloudFormation::Stack" if logical == name else "AWS::ECS::Service"
        at = BEGAN + timedelta(seconds=10 * next(self._ticks))
        row = {"StackId": arn(name), "EventId": str(at), "StackName": name, "LogicalResourceId": logical}
        row |= {"ResourceType": kind, "ResourceStatus": status, "Timestamp": at}
        self.events.setdefault(name, []).append({**row, **({"ResourceStatusReason": reason} if reason else {})})


class Client:
    def __init__(self, account, service):
        self._account, self._service = account, service

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        call = f"{self._service}_{name}"
        handler = globals().get(call) or getattr(aws_looks, call, None)
        assert handler, f"this account knows no {self._service}.{name}"

        def called(**request):
            if self._account.held:
                validate_parameters(request, shape(self._service, name))
            kept = {key: value for key, value in request.items() if key != "Body"}
            self._account.asked.append((self._service, name, kept))
            return self._account.step(lambda: self._answer(handler, name, request))

        return called

    def _answer(self, handler, name, request):
        if f"{self._service}.{name}" in self._account.denied or self._service in self._account.denied:
            raise refused("AccessDenied", f"not authorized to perform {self._service}:{name}")
        return handler(self._account, **request)


@cache
def shape(service, name):
    client = boto3.client(service, **KEYS)
    return client.meta.service_model.operation_model(client.meta.method_to_api_mapping[name]).input_shape


def arn(name):
    return f"arn:aws:cloudformation:us-east-1:{NUMBER}:stack/{name}/0a1b"


def named(said):
    return said.partition(":stack/")[2].partition("/")[0] or said


# -- cloudformation


def there(account, said):
    stack = account.stacks.get(named(said))
    if stack is None or (stack["StackStatus"] == "DELETE_COMPLETE" and ":stack/" not in said):
        raise refused("ValidationError", f"Stack with id {said} does not exist")
    return stack


def cloudformation_describe_stacks(account, StackName):
    stack = there(account, StackName)
    if stack["StackStatus"].endswith("_IN_PROGRESS"):
        stack["looks"] -= 1
        if stack["looks"] <= 0:
            ended(account, stack)
    hidden = ("looks", "template", *(("Outputs",) if stack["StackStatus"] == "CREATE_IN_PROGRESS" else ()))
    return {"Stacks": [{k: v for k, v in stack.items() if k not in hidden}]}


def ended(account, stack):
    name, doing = stack["StackName"], stack["StackStatus"].removesuffix("_IN_PROGRESS")
    if reason := account.fails.get((name, doing)):
        account.event(name, "Other", f"{doing}_FAILED", "Resource creation cancelled")
        account.event(name, "Service", f"{doing}_FAILED", reason)
        stack["StackStatus"] = {"CREATE": "ROLLBACK_COMPLETE", "UPDATE": "UPDATE_ROLLBACK_COMPLETE"}.get(
            doing, "DELETE_FAILED"
        )
    else:
        stack["StackStatus"] = f"{doing}_COMPLETE"
        if doing == "CREATE":
            named = re.findall(r"LogGroupName: !Sub \"?([^\s\"]+)", stack["template"])
            account.groups |= {one.replace("${AWS::StackName}", name) for one in named}  # which a last line brings back
    account.event(name, name, stack["StackStatus"])


def begun(account, stack, doing):
    stack |= {"StackStatus": f"{doing}_IN_PROGRESS", "looks": LOOKS}
    account.event(stack["StackName"], stack["StackName"], stack["StackStatus"], "User Initiated")
    account.event(stack["StackName"], "Service", stack["StackStatus"])


@cache
def declared(template):
    """Parameters of a template with what each may be."""
    return yaml.safe_load(re.search(r"(?ms)^Parameters:\n(.*?)^\w", template)[1])


def refused_values(template, given):
    """As CloudFormation does before it makes anything."""
    for name, said in declared(template).items():
        value = given.get(name)
        if value is None:
            continue
        within = said.get("MinLength", 0) <= len(value) <= said.get("MaxLength", 4096)
        allowed = value in map(str, said.get("AllowedValues", [value]))
        if not (within and allowed and re.fullmatch(said.get("AllowedPattern", "(?s).*"), value)):
            raise refused("ValidationError", f"Parameter {name} failed to satisfy constraint: {value}")


def known(account, stack, parameters):
    """As CloudFormation has them, defaults and what was before among them."""
    before = {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", ())}
    given = {p["ParameterKey"]: p.get("ParameterValue", before.get(p["ParameterKey"])) for p in parameters}
    wanted = parameters_of(stack["template"])
    lacking = [name for name, required in wanted.items() if required and given.get(name) is None]
    if lacking or set(given) - set(wanted):
        raise refused("ValidationError", f"Parameters: {lacking} must have values, {set(given) - set(wanted)} unknown")
    refused_values(stack["template"], given)
    return [
        {"ParameterKey": name, "ParameterValue": given.get(name) or default(stack["template"], name)} for name in wanted
    ]


def default(template, name):
    said = re.search(r"(?m)^ {4}Default: (.*)$", template.partition(f"\n  {name}:\n")[2])
    return said.group(1).strip('"') if said else ""


def cloudformation_create_stack(account, StackName, TemplateBody, Parameters, Capabilities, Tags):
    before = account.stacks.get(StackName)
    if before is not None and before["StackStatus"] != "DELETE_COMPLETE":
        raise refused("AlreadyExistsException", f"Stack [{StackName}] already exists")
    stack = {
        "StackName": StackName,
        "StackId": arn(StackName),
        "template": TemplateBody,
        "Tags": [*Tags],
        "CreationTime": BEGAN,
    }
    stack["Parameters"] = known(account, stack, Parameters)
    stack["Outputs"] = outputs(StackName, TemplateBody)
    account.stacks[StackName] = stack
    begun(account, stack, "CREATE")
    return {"StackId": arn(StackName)}


def outputs(name, template):
    body = template.partition("\nOutputs:\n")[2]
    rows = []
    for key in re.findall(r"(?m)^  (\w+):", body):
        value = {"LoadBalancer": "app/rag/50dc6c495c0c9188", "Bucket": "sources"}.get(
            key, f"https://{name}.{key.lower()}.example/"
        )
        rows.append({"OutputKey": key, "OutputValue": value, "ExportName": f"{name}-{key.lower()}"})
    return rows


def cloudformation_update_stack(
    account, StackName, Parameters, Capabilities, Tags, TemplateBody=None, UsePreviousTemplate=False
):
    stack = there(account, StackName)
    assert UsePreviousTemplate == (TemplateBody is None)
    template = TemplateBody or stack["template"]
    if stack["StackStatus"].endswith("_IN_PROGRESS") or stack["StackStatus"] in ("ROLLBACK_COMPLETE", "DELETE_FAILED"):
        raise refused(
            "ValidationError", f"Stack {StackName} is in {stack['StackStatus']} state and can not be updated."
        )
    wanted = {**stack, "template": template}
    parameters = known(account, wanted, Parameters)
    if (stack["template"], stack["Parameters"], stack["Tags"]) == (template, parameters, Tags):
        raise refused("ValidationError", "No updates are to be performed.")
    stack |= {"template": template, "Parameters": parameters, "Tags": Tags}
    begun(account, stack, "UPDATE")
    return {"StackId": arn(StackName)}


def cloudformation_delete_stack(account, StackName):
    stack = account.stacks.get(named(StackName))
    if stack is None or stack["StackStatus"] == "DELETE_COMPLETE":
        return {}
    users = cloudformation_imports(account, stack["StackName"])
    if users:
        raise refused("ValidationError", f"Export cannot be deleted as it is in use by {users}")
    begun(account, stack, "DELETE")
    return {}


def cloudformation_imports(account, base):
    live = [s for s in account.stacks.values() if s["StackStatus"] != "DELETE_COMPLETE"]
    return [s["StackName"] for s in live if {"ParameterKey": "Base", "ParameterValue": base} in s["Parameters"]]


def cloudformation_list_imports(account, ExportName):
    users = [
        u for name in account.stacks if ExportName.startswith(f"{name}-") for u in cloudformation_imports(account, name)
    ]
    if not users:
        raise refused("ValidationError", f"Export '{ExportName}' is not imported by any stack.")
    return {"Imports": users}


def cloudformation_describe_stack_events(account, StackName):
    there(account, StackName)
    return {"StackEvents": list(reversed(account.events[named(StackName)]))}


def cloudformation_continue_update_rollback(account, StackName):
    there(account, StackName)["StackStatus"] = "UPDATE_ROLLBACK_COMPLETE"
    return {}


# -- who and where


def sts_get_caller_identity(account):
    return {"Account": NUMBER, "Arn": f"arn:aws:iam::{NUMBER}:user/pilot"}


def ec2_describe_availability_zones(account, Filters):
    return {"AvailabilityZones": [{"ZoneName": f"us-east-1{z}"} for z in "ab"]}


def ec2_describe_subnets(account, Filters):
    return {"Subnets": [{"SubnetId": f"subnet-{z}", "VpcId": "vpc-1", "AvailabilityZone": z} for z in "ba"]}


def ec2_describe_instance_type_offerings(account, LocationType, Filters):
    [wanted] = Filters[0]["Values"]
    return {"InstanceTypeOfferings": [{"InstanceType": wanted, "Location": zone} for zone in account.zones]}


def iam_get_role(account, RoleName):
    if RoleName not in account.roles:
        raise refused("NoSuchEntity", f"The role with name {RoleName} cannot be found.")
    return {"Role": {"RoleName": RoleName}}


def iam_create_service_linked_role(account, AWSServiceName):
    names = {"ecs": "ECS", "elasticloadbalancing": "ElasticLoadBalancing", "autoscaling": "AutoScaling"}
    name = f"AWSServiceRoleFor{names[AWSServiceName.partition('.')[0]]}"
    if name in account.roles:
        raise refused("InvalidInput", f"Service role name {name} has been taken in this account")
    account.roles.add(name)
    return {"Role": {"RoleName": name}}


# -- ecr


def ecr_describe_repositories(account, repositoryNames):
    if not set(repositoryNames) <= set(account.repositories):
        raise refused("RepositoryNotFoundException", "no such repository")
    where = f"arn:aws:ecr:us-east-1:{NUMBER}:repository/"
    rows = [{"repositoryUri": f"{REGISTRY}/{name}", "repositoryArn": f"{where}{name}"} for name in repositoryNames]
    return {"repositories": rows}


def ecr_list_tags_for_resource(account, resourceArn):
    return {"tags": account.repositories[resourceArn.partition("/")[2]]}


def ecr_create_repository(account, repositoryName, imageTagMutability, tags):
    assert imageTagMutability == "IMMUTABLE"
    account.repositories[repositoryName] = [*tags]
    return {}


def ecr_describe_images(account, repositoryName, imageIds):
    [wanted] = [one["imageTag"] for one in imageIds]
    if (repositoryName, wanted) not in account.images:
        raise refused("ImageNotFoundException", "no such image")
    return {"imageDetails": [{"imageDigest": account.images[repositoryName, wanted]}]}


def ecr_get_authorization_token(account):
    return {"authorizationData": [{"authorizationToken": "QVdTOnNlY3JldA=="}]}


def ecr_delete_repository(account, repositoryName, force):
    ecr_describe_repositories(account, [repositoryName])
    del account.repositories[repositoryName]
    account.images = {key: v for key, v in account.images.items() if key[0] != repositoryName}
    return {}


class Pushing:
    """A builder of this account's registry."""

    name = "docker"

    def __init__(self, account):
        self._account = account

    def push(self, content, image, token, heard):
        repository, _, tag = image.removeprefix(f"{REGISTRY}/").rpartition(":")

        def push():
            assert (repository, tag) not in self._account.images, "the registry's tags are immutable"
            self._account.images[repository, tag] = f"sha256:{tag}"
            self._account.pushes += 1

        self._account.step(lambda: None)  # built
        self._account.step(push)


# -- key, certificate, cost tag, logs


def ssm_get_parameter(account, Name, WithDecryption=False):
    if Name.startswith("/aws/service/ami-"):  # public ones, of every account
        return {"Parameter": {"Value": account.image}}
    if Name not in account.parameters:
        raise refused("ParameterNotFound", "no such parameter")
    return {"Parameter": {"Value": account.parameters[Name], "Version": account.versions.get(Name, 0)}}


def ssm_put_parameter(account, Name, Value, Type, Description="", Tags=(), Overwrite=False):
    assert not (Tags and Overwrite), "AWS takes only one of them"
    if Name in account.parameters and not Overwrite:
        raise refused("ParameterAlreadyExists", "is there")
    account.parameters[Name] = Value
    account.versions[Name] = account.versions.get(Name, 0) + 1
    account.tags |= {Name: [*Tags]} if not Overwrite else {}
    return {}


def ssm_list_tags_for_resource(account, ResourceType, ResourceId):
    return {"TagList": account.tags.get(ResourceId, [])}


def ssm_delete_parameter(account, Name):
    ssm_get_parameter(account, Name)
    del account.parameters[Name]
    return {}


def acm_list_certificates(account, Includes):
    """Without ``keyTypes`` AWS lists those of RSA up to 2048 bits alone; a name may be among the alternative ones."""
    assert "EC_prime256v1" in Includes["keyTypes"]
    rows = [
        {
            "CertificateArn": a,
            "DomainName": "rag-pilot",
            "SubjectAlternativeNameSummaries": [c["name"]],
            "KeyAlgorithm": c.get("key", "EC_prime256v1"),
        }
        for a, c in account.certificates.items()
    ]
    return {"CertificateSummaryList": rows}


def acm_list_tags_for_certificate(account, CertificateArn):
    return {"Tags": account.certificates[CertificateArn]["tags"]}


def acm_describe_certificate(account, CertificateArn):
    return {"Certificate": {"NotAfter": account.certificates[CertificateArn]["ends"]}}


def acm_get_certificate(account, CertificateArn):
    return {"Certificate": account.certificates[CertificateArn]["pem"]}


def acm_import_certificate(account, Certificate, PrivateKey, Tags=(), CertificateArn=None):
    where = CertificateArn or f"arn:aws:acm:us-east-1:{NUMBER}:certificate/{len(account.certificates)}"
    tags = account.certificates[CertificateArn]["tags"] if CertificateArn else list(Tags)
    ends = datetime.now(UTC) + timedelta(days=365)
    name = "*.us-east-1.elb.amazonaws.com"
    account.certificates[where] = {"name": name, "pem": Certificate.decode(), "ends": ends, "tags": tags}
    return {"CertificateArn": where}


def acm_delete_certificate(account, CertificateArn):
    del account.certificates[CertificateArn]
    return {}


def signed(name):
    body = b"TUlJ" * 161  # as long as a real one
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n", b"key"


def ce_list_cost_allocation_tags(account, TagKeys):
    rows = [
        {"TagKey": k, "Status": account.cost_tags[k], "Type": "UserDefined", "LastUpdatedDate": account.since or ""}
        for k in TagKeys
        if k in account.cost_tags
    ]
    return {"CostAllocationTags": rows}


def ce_update_cost_allocation_tags_status(account, CostAllocationTagsStatus):
    account.cost_tags |= {row["TagKey"]: row["Status"] for row in CostAllocationTagsStatus}
    account.since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {"Errors": []}


def ce_list_cost_allocation_tag_backfill_history(account):
    return {"BackfillRequests": account.backfills}


def ce_start_cost_allocation_tag_backfill(account, BackfillFrom):
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    account.backfills.append({"BackfillFrom": BackfillFrom, "BackfillStatus": "PROCESSING", "RequestedAt": at})
    return {}


def logs_describe_log_groups(account, logGroupNamePrefix):
    return {"logGroups": [{"logGroupName": n} for n in sorted(account.groups) if n.startswith(logGroupNamePrefix)]}


def logs_delete_log_group(account, logGroupName):
    account.groups.discard(logGroupName)
    return {}
