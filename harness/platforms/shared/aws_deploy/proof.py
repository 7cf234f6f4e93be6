"""Whether anything of a deployment is left: every service is asked for what it has of the tag or the names; a refusal is told.

The tagging API alone proves little: it goes on listing what is gone for hours, and does not know every service. So what it
lists is asked for again where it lives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.platforms.platform import MakeClient
from harness.platforms.shared.aws_deploy.account import Key
from harness.platforms.shared.aws_deploy.api import Api, asked, carries, every, found
from harness.platforms.shared.aws_deploy.certificate import listed
from harness.platforms.shared.aws_deploy.image import Repository
from harness.platforms.shared.deploy.part import Tag
from harness.platforms.shared.deploy.proof import Look, Proof, proof_of

FREE = (  # that nobody bills: they go with what they belong to, and AWS lists them for a while
    "security-group",
    "subnet",
    "route-table",
    "internet-gateway",
    "vpc",
    "network-interface",
    "launch-template",
    "task-definition",
    "targetgroup",
    "security-group-rule",
    "policy",
    "role",
    "instance-profile",
)
ENDED = ("terminated", "shutting-down", "deleted", "deleting")


@dataclass(frozen=True)
class Names:
    """What a deployment may have made, by name."""

    stacks: tuple[str, ...]
    logs: tuple[str, ...] = ()
    cluster: str | None = None
    repository: Repository | None = None
    parameter: Key | None = None


class Proving:
    """Over clients of one region."""

    def __init__(self, make: MakeClient, region: str, tags: Sequence[Tag], names: Names) -> None:
        self._make, self._region, self._tags, self._names = make, region, tags, names

    def proof(self) -> Proof:
        """Each look by itself: one that is refused hides no other."""
        return proof_of(self._looks())

    def _looks(self) -> dict[str, Look]:
        """Without those that have no name: what other stacks still use stays, so nobody looks for it."""
        names = self._names
        looks = {
            "stacks": self._stacks,
            "machines": self._machines,
            "volumes": self._volumes,
            "NAT gateways": self._gateways,
            "public addresses": self._addresses,
            "load balancers": self._balancers,
            "ECS services": self._services if names.cluster else None,
            "log groups": self._logs,
            "image repository": self._repository if names.repository else None,
            "provider key": self._parameter if names.parameter else None,
            "certificates": self._certificates,
            "everything that carries the tag": self._tagged,
        }
        return {name: look for name, look in looks.items() if look is not None}

    def _client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        return self._make(service, self._region)

    def _filters(self) -> list[dict[str, Any]]:
        [key] = {tag.key for tag in self._tags}
        return [{"Name": f"tag:{key}", "Values": [tag.value for tag in self._tags]}]

    def _stacks(self) -> Iterator[str]:
        api = self._client("cloudformation")
        for name in self._names.stacks:
            said = found("stacks", api.describe_stacks, "does not exist", StackName=name)
            for row in (said or {}).get("Stacks", ()):
                if row["StackStatus"] != "DELETE_COMPLETE":
                    yield f"stack {name} ({row['StackStatus']})"

    def _machines(self) -> Iterator[str]:
        rows = self._ec2("describe_instances", "Reservations")
        for one in (i for row in rows for i in row["Instances"]):
            if one["State"]["Name"] not in ENDED:
                yield f"machine {one['InstanceId']}"

    def _volumes(self) -> Iterator[str]:
        yield from (f"volume {row['VolumeId']}" for row in self._ec2("describe_volumes", "Volumes"))

    def _gateways(self) -> Iterator[str]:
        rows = self._ec2("describe_nat_gateways", "NatGateways", "Filter")
        yield from (f"NAT gateway {r['NatGatewayId']}" for r in rows if r["State"] not in ENDED)

    def _addresses(self) -> Iterator[str]:
        said = asked("addresses", self._client("ec2").describe_addresses, Filters=self._filters())
        yield from (f"address {row['AllocationId']}" for row in said["Addresses"])

    def _ec2(self, method: str, rows: str, named: str = "Filters") -> list[dict[str, Any]]:
        return every(
            rows, getattr(self._client("ec2"), method), rows, "NextToken", "NextToken", **{named: self._filters()}
        )

    def _balancers(self) -> Iterator[str]:
        """By their tags: their names are CloudFormation's."""
        api = self._client("elbv2")
        rows = every("load balancers", api.describe_load_balancers, "LoadBalancers", "Marker", "NextMarker")
        arns = {row["LoadBalancerArn"]: row["LoadBalancerName"] for row in rows}
        every_arn = list(arns)
        for k in range(0, len(every_arn), 20):
            said = asked("load balancers", api.describe_tags, ResourceArns=every_arn[k : k + 20])
            for one in said["TagDescriptions"]:
                if any(carries(one["Tags"], tag) for tag in self._tags):
                    yield f"load balancer {arns[one['ResourceArn']]}"

    def _services(self) -> Iterator[str]:
        api, cluster = self._client("ecs"), self._names.cluster
        none = ("ClusterNotFoundException",)
        if found("ECS services", api.list_services, *none, cluster=cluster) is None:
            return
        arns = every("ECS services", api.list_services, "serviceArns", "nextToken", "nextToken", cluster=cluster)
        for k in range(0, len(arns), 10):
            rows = asked("ECS services", api.describe_services, cluster=cluster, services=arns[k : k + 10])["services"]
            for row in rows:
                if row.get("status") == "ACTIVE" or row.get("runningCount"):
                    yield f"ECS service {row['serviceName']}"
        for arn in every("ECS tasks", api.list_tasks, "taskArns", "nextToken", "nextToken", cluster=cluster):
            yield f"ECS task {arn.rpartition('/')[2]}"

    def _logs(self) -> Iterator[str]:
        yield from (f"log group {name}" for name in self._names.logs if log_group(self._client("logs"), name))

    def _repository(self) -> Iterator[str]:
        if (one := self._names.repository) is not None and one.ours():
            yield f"image repository {one.name}"

    def _parameter(self) -> Iterator[str]:
        if (one := self._names.parameter) is not None and one.ours():
            yield f"parameter {one.name}"

    def _certificates(self) -> Iterator[str]:
        api = self._client("acm")
        for row in listed(api):
            tags = asked("certificates", api.list_tags_for_certificate, CertificateArn=row["CertificateArn"])["Tags"]
            if any(carries(tags, tag) for tag in self._tags):
                yield f"certificate for {row.get('DomainName')}"

    def _tagged(self) -> Iterator[str]:
        """What the looks above do not ask for: of those only what costs nothing by itself is passed over."""
        api = self._client("resourcegroupstaggingapi")
        [key] = {tag.key for tag in self._tags}
        rows = every(
            "tagged resources",
            api.get_resources,
            "ResourceTagMappingList",
            "PaginationToken",
            "PaginationToken",
            TagFilters=[{"Key": key, "Values": [tag.value for tag in self._tags]}],
        )
        for row in rows:
            arn = str(row["ResourceARN"])
            if not _free(arn) and not self._gone(arn):
                yield f"{arn.split(':', 5)[2]} {arn.split(':', 5)[5]}"

    def _gone(self, arn: str) -> bool:
        """Asked where it lives; what nobody here knows how to ask for stays listed."""
        service, rest = arn.split(":", 5)[2], arn.split(":", 5)[5]
        if service == "lambda":
            name = rest.removeprefix("function:")
            return (
                found("function", self._client("lambda").get_function, "ResourceNotFoundException", FunctionName=name)
                is None
            )
        if service == "ecs" and rest.startswith("cluster/"):
            said = asked("clusters", self._client("ecs").describe_clusters, clusters=[arn])
            return all(c.get("status") == "INACTIVE" for c in said.get("clusters", ()))
        if service == "s3":
            none = ("404", "NoSuchBucket", "NotFound")
            return found("bucket", self._client("s3").head_bucket, *none, Bucket=rest) is None
        if service == "codebuild":
            name = rest.removeprefix("project/")
            return not asked("projects", self._client("codebuild").batch_get_projects, names=[name]).get("projects")
        # each of these has a look of its own, by name or by tag, which tells the truth sooner
        own = ("cloudformation", "elasticloadbalancing", "ecs", "logs", "ecr", "ssm", "acm", "ec2")
        return service in own


def _free(arn: str) -> bool:
    rest = arn.split(":", 5)[5]
    return rest.split("/")[0].split(":")[0] in FREE


def log_group(logs: Api, name: str) -> bool:
    """Whether there is one of exactly that name: what only begins with it is another function's. Raises AwsError."""
    rows = every("log groups", logs.describe_log_groups, "logGroups", "nextToken", "nextToken", logGroupNamePrefix=name)
    return any(row["logGroupName"] == name for row in rows)
