"""What ``pilot doctor`` asks before anything costs money: account, quotas, deployment, and one request followed through.

What only a deployment can show is "not told" until there is one. Every answer that does not stand is a gate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.check import tracing
from harness.check.contract_check import Answer, Check
from harness.check.preflight import Demand, quota_checks
from harness.domain.finding import Finding, State
from harness.domain.quota import Quota
from harness.domain.reading import MetricSource
from harness.domain.sample import Outcome
from harness.domain.target import Target
from harness.errors import PilotError, Refused
from harness.platforms.credentials import require
from harness.platforms.examined import examined, named_regions, reaching
from harness.platforms.examining import Reach
from harness.platforms.limits import front_of, quotas_of
from harness.platforms.shared.tls_names import certificate, names_for
from harness.workspace.prospect import Prospect

ACCOUNT, LACKING = "account", "credentials"
ANSWERS: Mapping[State, Answer] = {
    State.GOOD: Answer.PASS,
    State.WRONG: Answer.FAIL,
    State.UNREADABLE: Answer.UNKNOWN,
    State.LATER: Answer.UNTOLD,
}
ENOUGH: Mapping[tracing.Seen, Answer] = {  # that a source hears of the target at all; what comes later is not told yet
    **tracing.STRICT,
    tracing.Seen.POINTS: Answer.PASS,
    tracing.Seen.LATER: Answer.UNTOLD,
}
ONCE_DEPLOYED = "pilot deploy first, then pilot doctor again"
Groups = dict[str, list[Check]]


Wanted = Callable[[Target], Sequence[Demand]]  # what a plan's profiles need of it at their peak


def before_money(prospects: Sequence[Prospect], wanted: Wanted, share: float, reach: Reach | None = None) -> Groups:
    """Of each target, and what holds for the account under a name of its own; nothing is sent to any target.

    ``share``: of a quota that other traffic uses too, how much this pilot may.
    """
    reach = reach or reaching()
    out: Groups = {}
    told: list[Finding] = []
    for prospect in prospects:
        target = prospect.target
        missing = _credentials(target)
        if missing is not None:
            out[target.name] = [missing, *_undeployed(prospect)]
            continue
        found = examined(target, reach)
        told += found
        made = [check_of(one) for one in found]
        made += gated(quotas_of(target, reach.aws), wanted(target), share)
        out[target.name] = made + _undeployed(prospect)
    same = _same_region([prospect.target for prospect in prospects])
    return _shared_first(out, told, same)


def _same_region(targets: Sequence[Target]) -> list[Check]:
    """Of those that have one: a difference between two regions would be measured as one between runtimes."""
    found = named_regions(targets)
    if len(found) < 2:
        return []
    said = ", ".join(f"{name} {region}" for name, region in found.items())
    same = len(set(found.values())) == 1
    return [Check("one region for all targets", Answer.PASS if same else Answer.FAIL, said)]


def _credentials(target: Target) -> Check | None:
    """What is missing; None where everything is there that can be looked for."""
    try:
        require([target])
    except Refused as error:
        return Check(LACKING, Answer.FAIL, " ".join(str(error).split()), mend=error.hint)
    return None


def _undeployed(prospect: Prospect) -> list[Check]:
    if not prospect.unset:
        return []
    names = " and ".join(prospect.unset)
    words = f"{names} {'is' if len(prospect.unset) == 1 else 'are'} not set"
    out = [Check("the address", Answer.UNTOLD, words, mend=ONCE_DEPLOYED)]
    if prospect.absent:
        files = " and ".join(prospect.absent)
        out.append(Check("whom to trust", Answer.UNTOLD, f"tls.ca_file: there is no {files} yet", mend=ONCE_DEPLOYED))
    return out


def check_of(one: Finding) -> Check:
    """As every check is told."""
    return Check(one.name, ANSWERS[one.state], one.detail, mend=one.fix or None)


def _shared_first(groups: Groups, told: Sequence[Finding], same: Sequence[Check]) -> Groups:
    """What was found of several targets alike is the account's, and told once."""
    shared = {check_of(one) for one in told if sum(other == one for other in told) > 1}
    first = [*dict.fromkeys(c for made in groups.values() for c in made if c in shared), *same]
    rest = {name: [c for c in made if c not in shared] for name, made in groups.items()}
    return {**({ACCOUNT: first} if first else {}), **rest}


def gated(quotas: Sequence[Quota], wanted: Sequence[Demand], share: float) -> list[Check]:
    """As ``pilot check`` advises, and as a gate: with the command that raises each, for the plan's own peak."""
    out = []
    for quota, check in zip(quotas, quota_checks(quotas, wanted, share), strict=True):
        if check.answer is not Answer.FAIL:
            out.append(check)
            continue
        most = max((d.needs.get(quota.needs, 0.0) for d in wanted if not d.search), default=0.0)
        value = math.ceil(most / (share if quota.shared else 1.0))
        lead = f"; it takes {quota.lead}" if quota.lead else ""
        mend = f"{quota.request.format(value=value)}{lead}" if quota.request else f"{LOWER}{lead}"
        out.append(Check(check.name, check.answer, check.detail, mend=mend))
    return out


LOWER = "a lower rate or a shorter promised p95 in pilot.toml, or a larger quota"


@dataclass(frozen=True)
class Deployed:
    """One target that answers somewhere, and what knows of its requests."""

    target: Target
    url: str
    sources: Callable[[], Mapping[str, MetricSource]]


def once_deployed(one: Deployed, within_s: float) -> list[Check]:
    """Its certificate, and one request of the plan's kind: answered, through its provider, found in log, metric and trace."""
    target = one.target
    made = [check_of(f) for f in certificate(f"certificate, {target.name}", one.url, names_for(target))]
    if any(c.answer is Answer.FAIL for c in made):
        return made
    try:
        sent = tracing.send(target, one.url, stream=streams(target))
        made += [*sent.checks, provider_check(sent)]
        if sent.checks[0].answer is Answer.PASS:
            made += tracing.follow(sent, one.sources(), within_s, answers=ENOUGH)
    except PilotError as error:
        made.append(Check("one request", Answer.UNKNOWN, str(error), mend=error.hint))
    return made


def streams(target: Target) -> bool:
    """Whether a stream is asked for: the front lets one through, and the API has one."""
    front = front_of(target)
    return (front is None or front.streams) and not (target.fields is not None and target.fields.answers_whole)


def provider_check(sent: tracing.TracedRequest) -> Check:
    """The model provider as the runtime reaches it: its service says whether that failed."""
    name = "the model provider is reached from inside the runtime"
    if sent.outcome == Outcome.OK:
        return Check(name, Answer.PASS, "its answer came through")
    if sent.outcome in (Outcome.UPSTREAM_ERROR, Outcome.UPSTREAM_THROTTLED):
        words = "the service answers, and says that the provider does not"
        return Check(
            name, Answer.FAIL, words, mend="the provider's address, key and certificate as the runtime has them"
        )
    return Check(name, Answer.UNKNOWN, f"the request ended as {sent.outcome}, before anybody could say")
