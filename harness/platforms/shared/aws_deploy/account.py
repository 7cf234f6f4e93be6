"""The account before a deployment: who asks, where, linked roles, the provider's key, a certificate, the cost tag."""

from __future__ import annotations

from datetime import UTC, datetime

from harness.errors import PilotError, Refused
from harness.platforms.shared.aws_account import ROLES
from harness.platforms.shared.aws_deploy.api import Api, AwsError, asked, carries, every, found
from harness.platforms.shared.deploy.key import new_key
from harness.platforms.shared.deploy.part import Tag
from harness.secrecy import KNOWN

LEAST_ZONES = 2  # a load balancer wants two


def identity(sts: Api, ec2: Api, region: str) -> tuple[str, str]:
    """Account and who asks; raises PilotError where nobody may, or the region cannot be used."""
    said = asked("who you are", sts.get_caller_identity)
    try:
        zones = asked(
            f"region {region}",
            ec2.describe_availability_zones,
            Filters=[{"Name": "state", "Values": ["available"]}],
        )["AvailabilityZones"]
    except AwsError as error:
        if error.denied:
            return str(said["Account"]), str(said["Arn"])
        raise PilotError(
            f"region {region} cannot be used: {error}",
            "region in target.toml; regions that are off by default are enabled in the account's settings",
        ) from None
    usual = [z for z in zones if z.get("ZoneType", "availability-zone") == "availability-zone"]
    if len(usual) < LEAST_ZONES:
        raise Refused(
            f"region {region} has {len(usual)} availability zones for this account, and a load balancer wants two",
            "choose another region in target.toml",
        )
    return str(said["Account"]), str(said["Arn"])


def linked_role(iam: Api, service: str) -> bool:
    """Whether it was missing, and was made: the first ECS cluster of an account fails without it."""
    name = ROLES[service]
    try:
        if found(f"role {name}", iam.get_role, "NoSuchEntity", RoleName=name) is not None:
            return False
    except AwsError as error:
        if not error.denied:
            raise  # who may not look may still be allowed to make it
    made = found(
        f"role {name}",
        iam.create_service_linked_role,
        "InvalidInput",  # it has been taken: somebody else was faster
        "EntityAlreadyExists",
        AWSServiceName=service,
    )
    return made is not None


class Key:
    """The provider's bearer key, kept where any machine of the team finds it: a parameter of Systems Manager, which costs nothing."""

    def __init__(self, ssm: Api, name: str, tag: Tag) -> None:
        self._ssm, self.name, self._tag = ssm, name, tag
        self.version = "0"  # of what was read last

    def ensure(self, given: str | None = None) -> tuple[str, bool]:
        """The key, and whether it was made now; ``given``: the one of an endpoint of the team's own, kept from then on."""
        KNOWN.learn("provider key", given)
        there = self._value()
        if there is not None and given in (None, there):
            return there, False
        tags = {"Overwrite": True} if there else {"Tags": [{"Key": self._tag.key, "Value": self._tag.value}]}
        made = found(
            f"parameter {self.name}",
            self._ssm.put_parameter,
            "ParameterAlreadyExists",
            Name=self.name,
            Value=given or new_key(),
            Type="SecureString",
            Description="What the model provider of a pilot wants as its bearer key",
            **tags,
        )
        value = self._value()
        if value is None:
            raise PilotError(f"parameter {self.name} was made and is not there", "the same command again")
        return value, made is not None

    def there(self) -> bool:
        return self._value() is not None

    def _value(self) -> str | None:
        said = found(
            f"parameter {self.name}",
            self._ssm.get_parameter,
            "ParameterNotFound",
            Name=self.name,
            WithDecryption=True,
        )
        if said is None:
            return None
        value, self.version = str(said["Parameter"]["Value"]), str(said["Parameter"].get("Version", 0))
        KNOWN.learn("provider key", value)
        return value

    def ours(self) -> bool | None:
        """Whether it carries the tag: one that does not is somebody else's; None where there is none."""
        if self._value() is None:
            return None
        doing = f"tags of parameter {self.name}"
        said = asked(doing, self._ssm.list_tags_for_resource, ResourceType="Parameter", ResourceId=self.name)
        return carries(said["TagList"], self._tag)

    def remove(self) -> bool | None:
        """None where there is none, False where somebody else made it: that one stays."""
        if not (ours := self.ours()):
            return ours
        gone = found(f"parameter {self.name}", self._ssm.delete_parameter, "ParameterNotFound", Name=self.name)
        return True if gone is not None else None


def cost_tag(ce: Api, tag: Tag, now: datetime | None = None) -> str:
    """Activated, and earlier days asked for; what cannot be done yet, or by this account, is said and stops nothing."""
    key = tag.key
    try:
        rows = asked("cost tags", ce.list_cost_allocation_tags, TagKeys=[key])["CostAllocationTags"]
        if not rows:
            return f"cost tag {key}: AWS lists it up to 24 hours after its first resource; pilot deploy again then activates it"
        since = str(rows[0].get("LastUpdatedDate") or "")
        if rows[0]["Status"] != "Active":
            since = _utc(now or datetime.now(UTC))
            said = asked(
                "cost tags",
                ce.update_cost_allocation_tags_status,
                CostAllocationTagsStatus=[{"TagKey": key, "Status": "Active"}],
            )
            if errors := said.get("Errors"):
                return f"cost tag {key}: {errors[0].get('Code')}: {errors[0].get('Message')}"
        return f"cost tag {key}: active; {_backfilled(ce, now or datetime.now(UTC), since)}"
    except AwsError as error:
        who = "; the organisation's management account activates it" if error.denied else ""
        return f"cost tag {key}: {error}{who}"


def _backfilled(ce: Api, now: datetime, since: str) -> str:
    """Of this month, once: days before the activation are not told apart otherwise.

    ``since``: when the tag became active; what was asked for before that was for the tags that were active then.
    """
    wanted = _utc(now.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    pages = ("BackfillRequests", "NextToken", "NextToken")
    mine = [
        r
        for r in every("backfills", ce.list_cost_allocation_tag_backfill_history, *pages)
        if str(r.get("BackfillFrom", ""))[:10] <= wanted[:10]
        and str(r.get("RequestedAt", ""))[:19] >= since[:19]
        and r.get("BackfillStatus") != "FAILED"
    ]
    if mine:
        return f"earlier days were asked for ({str(mine[0].get('BackfillStatus', '')).lower()})"
    try:
        asked("backfill", ce.start_cost_allocation_tag_backfill, BackfillFrom=wanted)
    except AwsError as error:
        return f"earlier days could not be asked for: {error}"
    return f"earlier days of this month were asked for, from {wanted[:10]}"


def _utc(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
