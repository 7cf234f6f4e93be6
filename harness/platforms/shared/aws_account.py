"""Who asks AWS, and where: the identity behind the credentials, the region of a target's tables, service-linked roles.

Verified: spec only; requests and answers are held to botocore's service model in the tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.examining import Reach, calling, guarded, listed, refused_as
from harness.platforms.shared.answer import NoAnswer, answer_of

REGION = re.compile(r"(?<![a-z])[a-z]{2}(?:-[a-z]+)+-\d(?![0-9a-z])")
ROLES = {  # linked to a service, by what it is asked for as
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
}
AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".on.aws")
IDENTITY, REGIONS = "identity", "region"
LOGIN = "aws sts get-caller-identity must work in this shell: set AWS_PROFILE, or run aws sso login"


@dataclass(frozen=True)
class Caller:
    """Whose credentials these are; ``source_arn`` is what policies are simulated of, None where nobody can."""

    account: str
    kind: str  # "user", "role", "root", "federated"
    name: str
    partition: str
    source_arn: str | None

    @property
    def words(self) -> str:
        """Without the account's number, of which the last four digits are enough to tell two apart."""
        return f"account …{self.account[-4:]}, {self.kind} {self.name}".rstrip()


def caller(reach: Reach, region: str) -> Caller:
    """Raises NoAnswer."""
    found = reach.once("aws caller", lambda: _asked(reach, region))
    if isinstance(found, NoAnswer):
        raise found
    assert isinstance(found, Caller)
    return found


def _asked(reach: Reach, region: str) -> Caller | NoAnswer:
    try:
        return _caller(reach, region)
    except NoAnswer as error:
        return error


def _caller(reach: Reach, region: str) -> Caller:
    said = answer_of(calling(reach, "sts", region, "get_caller_identity"), {})
    account, arn = said["Account"].text(), said["Arn"].text()
    _, partition, service, *_, rest = arn.split(":", 5)
    kind, _, path = rest.partition("/")
    if rest == "root":
        return Caller(account, "root", "", partition, None)
    if service == "sts" and kind == "assumed-role":
        role = path.split("/")[0]
        return Caller(account, "role", role, partition, _role_arn(reach, region, role, account, partition))
    if service == "iam" and kind == "user":
        return Caller(account, "user", path.rsplit("/", 1)[-1], partition, arn)
    return Caller(account, "federated user", path.rsplit("/", 1)[-1], partition, None)


def _role_arn(reach: Reach, region: str, role: str, account: str, partition: str) -> str:
    """With its path, which the session's name leaves out; where that may not be read, as if it had none."""
    try:
        return answer_of(calling(reach, "iam", region, "get_role"), {"RoleName": role})["Role"]["Arn"].text()
    except NoAnswer:
        return f"arn:{partition}:iam::{account}:role/{role}"


def identity(reach: Reach, region: str) -> list[Finding]:
    """Whether the credentials are anybody's."""

    def look() -> Finding:
        who = caller(reach, region)
        if who.kind == "root":
            words = f"{who.words}: policies do not bind it"
            return Finding(IDENTITY, State.WRONG, words, "use a role or a user: targets/aws_base/policies.yaml")
        return Finding(IDENTITY, State.GOOD, who.words)

    return guarded(IDENTITY, look, LOGIN)


def regions_of(target: Target) -> dict[str, str]:
    """Every region that a target's tables and addresses name, by where it stands."""
    out = {"[runtime]": getattr(target.runtime, "region", None)}
    if target.auth is not None:
        out["[auth]"] = target.auth.options.get("region")
    if target.prices is not None:
        out["[prices]"] = target.prices.region
    for number, source in enumerate(target.sources, start=1):
        out[f"[[sources]] {number}, {source.kind}"] = source.options.get("region")
    host = urlsplit(target.base_url or "").hostname or ""
    if host.endswith(AWS_HOSTS) and (found := REGION.search(host)):
        out["base_url"] = found.group()
    return {where: str(region) for where, region in out.items() if region}


def region(target: Target, reach: Reach) -> list[Finding]:
    """Whether one region is meant everywhere, in this shell too, and the account may use it."""
    named = regions_of(target)
    wanted = named["[runtime]"]
    name = f"{REGIONS} of {target.name}"
    if others := {where: one for where, one in named.items() if one != wanted}:
        said = ", ".join(f"{where} {one}" for where, one in others.items())
        return [Finding(name, State.WRONG, f"[runtime] {wanted}, but {said}", "name one region in all of target.toml")]
    variables = ("AWS_REGION", "AWS_DEFAULT_REGION")
    shell = next((f"{v} is {reach.environ[v]}" for v in variables if reach.environ.get(v, wanted) != wanted), None)
    if shell:
        words = f"{shell}, and its files say {wanted}: commands of the aws client would go elsewhere"
        return [Finding(name, State.WRONG, words, f"export AWS_REGION={wanted}")]
    return [Finding(name, State.GOOD, f"{wanted} in all of {len(named)} places"), *enabled(reach, wanted)]


def enabled(reach: Reach, wanted: str) -> list[Finding]:
    """A region that an account has to opt into answers every call with an error of credentials."""
    name = f"{REGIONS} {wanted} is enabled"

    def look() -> Finding:
        said = answer_of(
            calling(reach, "ec2", wanted, "describe_regions"), {"RegionNames": [wanted], "AllRegions": True}
        )
        found = listed(said["Regions"])
        if not found:
            return Finding(name, State.WRONG, "AWS knows no such region", "region of [runtime] in target.toml")
        status = found[0]["OptInStatus"].text()
        if status in ("opt-in-not-required", "opted-in"):
            return Finding(name, State.GOOD)
        return Finding(name, State.WRONG, status, f"aws account enable-region --region-name {wanted}")

    return reach.once(("region", wanted), lambda: guarded(name, look, "allow ec2:DescribeRegions"))


def linked_role(reach: Reach, region: str, service: str, why: str) -> list[Finding]:
    """Whether the role exists that a service makes for itself; ``why`` is what fails without it."""
    name, role = f"service-linked role of {service}", ROLES[service]
    create = f"pilot deploy makes it, or: aws iam create-service-linked-role --aws-service-name {service}"

    def look() -> Finding:
        try:
            said = answer_of(calling(reach, "iam", region, "get_role"), {"RoleName": role})
        except NoAnswer as error:
            if refused_as(error, "NoSuchEntity"):
                return Finding(name, State.WRONG, f"there is no {role}: {why}", create)
            raise
        return Finding(name, State.GOOD, said["Role"]["RoleName"].text())

    return reach.once(("role", role), lambda: guarded(name, look, "allow iam:GetRole"))
