"""Policies by simulation: whether the caller may do what a target's commands will ask, before any of them asks it.

Each platform declares what its control side needs, and each kind of source and of authorisation stands here. What IAM
simulates is identity policies, permission boundaries and an organization's own; a resource's policy it does not see.
Verified: spec only; requests and answers are held to botocore's service model in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.examining import Reach, calling, guarded
from harness.platforms.shared.answer import NoAnswer, pages
from harness.platforms.shared.aws_account import Caller, caller

EVERYTHING = "*"
POLICIES = "attach the policies of targets/aws_base/policies.yaml"
DEPLOYER = "deploy with an administrator's role, or PowerUserAccess with iam:*Role* and iam:CreateServiceLinkedRole"
STACKS = (  # what pilot deploy calls for a stack; its template's resources are made with the caller's own rights
    "cloudformation:CreateStack",
    "cloudformation:UpdateStack",
    "cloudformation:DescribeStacks",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DeleteStack",
)
MOST_NAMED = 6


class Purpose(StrEnum):
    """Which command needs it."""

    RUN = "pilot run"
    COLD = "pilot cold"
    COLLECT = "pilot collect"
    DEPLOY = "pilot deploy"


@dataclass(frozen=True)
class Permission:
    """``resource`` without its beginning ``arn:PARTITION:SERVICE:REGION:ACCOUNT:``, which is filled in; or EVERYTHING."""

    purpose: Purpose
    action: str
    resource: str = EVERYTHING
    context: tuple[tuple[str, str], ...] = ()  # condition keys that the request will have

    @property
    def service(self) -> str:
        return self.action.partition(":")[0]


def needing(purpose: Purpose, resource: str, *actions: str) -> tuple[Permission, ...]:
    """Several of one resource."""
    return tuple(Permission(purpose, action, resource) for action in actions)


URL_CONTEXT = (("lambda:FunctionUrlAuthType", "AWS_IAM"),)
VIA_URL = (("lambda:InvokedViaFunctionUrl", "true"),)


def of_sources(target: Target) -> tuple[Permission, ...]:
    """What collecting asks of CloudWatch, its logs and the bill."""
    out: list[Permission] = []
    for source in target.sources:
        out += {
            "cloudwatch": needing(Purpose.COLLECT, EVERYTHING, "cloudwatch:GetMetricData"),
            "cost-explorer": needing(Purpose.COLLECT, EVERYTHING, "ce:GetCostAndUsage", "ce:ListCostAllocationTags"),
            "lambda-logs": needing(
                Purpose.COLLECT, f"log-group:{source.options.get('log_group')}:*", "logs:FilterLogEvents"
            ),
        }.get(source.kind, ())
    return tuple(dict.fromkeys(out))


def simulated(
    target: Target, reach: Reach, region: str, wanted: Iterable[Permission], leave_out: Sequence[Purpose] = ()
) -> list[Finding]:
    """One finding a purpose: everything that the caller may not do for it."""
    by_purpose: dict[Purpose, list[Permission]] = {}
    for one in wanted:
        if one.purpose not in leave_out:
            by_purpose.setdefault(one.purpose, []).append(one)
    out: list[Finding] = []
    for purpose, needed in by_purpose.items():
        name = f"policies for {purpose.value}, {target.name}"
        look = partial(_simulated, name, reach, region, needed, DEPLOYER if purpose is Purpose.DEPLOY else POLICIES)
        out += guarded(name, look, "allow iam:SimulatePrincipalPolicy")
    return out


def _simulated(name: str, reach: Reach, region: str, needed: Sequence[Permission], fix: str) -> Finding:
    who = caller(reach, region)
    if who.kind == "root":
        return Finding(name, State.GOOD, "the root user may do everything")
    if who.source_arn is None:
        raise NoAnswer(f"nobody can simulate the policies of a {who.kind}: use a role or a user")
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for one in needed:
        groups.setdefault((arn_of(one, who, region), one.context), []).append(one.action)
    refused = [
        f"{a} ({why})"
        for (arn, context), actions in groups.items()
        for a, why in _denied(reach, region, who, arn, context, actions)
    ]
    if refused:
        more = f" and {len(refused) - MOST_NAMED} more" if len(refused) > MOST_NAMED else ""
        return Finding(name, State.WRONG, f"may not {', '.join(refused[:MOST_NAMED])}{more}", fix)
    return Finding(name, State.GOOD, f"{len(needed)} actions, as IAM simulates them")


def arn_of(one: Permission, who: Caller, region: str) -> str:
    """The whole name of a permission's resource."""
    if one.resource == EVERYTHING or one.resource.startswith("arn:"):
        return one.resource
    where = "" if one.service == "iam" else region
    return f"arn:{who.partition}:{one.service}:{where}:{who.account}:{one.resource}"


def _denied(
    reach: Reach, region: str, who: Caller, arn: str, context: Sequence[tuple[str, str]], actions: Sequence[str]
) -> list[tuple[str, str]]:
    """Actions that are not allowed, each with who refuses it; raises NoAnswer."""
    request: Mapping[str, object] = {
        "PolicySourceArn": who.source_arn,
        "ActionNames": list(dict.fromkeys(actions)),
        "ResourceArns": [arn],
        "ContextEntries": [
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": _type_of(value)}
            for key, value in (("aws:RequestedRegion", region), *context)
        ],
    }
    out: list[tuple[str, str]] = []
    answered: set[str] = set()
    for page in pages(calling(reach, "iam", region, "simulate_principal_policy"), request, "Marker", "Marker"):
        for result in page["EvaluationResults"].rows():
            action, decision = result["EvalActionName"].text(), result["EvalDecision"].text()
            answered.add(action)
            if decision != "allowed":
                out.append(
                    (action, _by_whom(decision, result["OrganizationsDecisionDetail"]["AllowedByOrganizations"].value))
                )
    if silent := sorted(set(actions) - answered):
        raise NoAnswer(f"IAM says nothing of {', '.join(silent)}")
    return out


def _by_whom(decision: str, by_organization: object) -> str:
    if by_organization is False:
        return "the organization's policy refuses it"
    return "a policy refuses it" if decision == "explicitDeny" else "no policy allows it"


def _type_of(value: str) -> str:
    return "boolean" if value in ("true", "false") else "string"
