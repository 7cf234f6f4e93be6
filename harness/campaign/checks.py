"""What ``pilot check`` asks, group by group: the contract gates a campaign, quotas and fairness advise it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from harness.campaign import preflight
from harness.campaign.contract_check import Answer, Check, check_contract, parity
from harness.campaign.fronts import front_checks
from harness.campaign.mapped_check import check_mapped
from harness.campaign.openai_check import check_openai
from harness.campaign.recognise import recognise
from harness.domain.target import AwsLambda, Dialect, Target
from harness.errors import PilotError
from harness.planning.profiles import describe
from harness.runtimes import runtime_of
from harness.runtimes.fronts import front_of
from harness.runtimes.quotas import quotas_of
from harness.runtimes.ready import auth_of, verify_of
from harness.workspace import Workspace

QUOTAS, FAIRNESS, EVIDENCE, FRONTS = "quotas", "fairness", "evidence", "platforms"
ADVICE = (QUOTAS, FAIRNESS, FRONTS)  # said, kept and doubted in the report; only a person can weigh them


def contract_of(target: Target, url: str, *, streams: bool = True) -> list[Check]:
    """The contract that a target of its dialect is held to; ``streams``: whether the plan asks for any."""
    if target.fields is not None:
        return check_mapped(url, target.fields, auth_of(target, url), verify_of(target), streams_asked=streams)
    if target.dialect is Dialect.OPENAI_CHAT:
        return check_openai(url, auth_of(target, url), verify_of(target), target.model)
    return check_contract(url, auth_of(target, url), verify_of(target))


def endpoint(url: str) -> dict[str, list[Check]]:
    """An endpoint that nobody has declared: its dialect, that dialect's contract, and what it leaves untold."""
    found = recognise(url)
    held: list[Check] = []
    if found.seen.answer is Answer.PASS:
        held = check_contract(url) if found.dialect is Dialect.RAG_CHAT else check_openai(url, model=found.model)
    out = {url: [found.seen, *held]}
    return out | ({f"{EVIDENCE} of {url}": list(found.evidence)} if found.evidence else {})


def comparing(workspace: Workspace, pair: Sequence[Target], bases: Mapping[str, str]) -> dict[str, list[Check]]:
    """Whether two targets do the same work, and whether anything but the runtime could make them differ."""
    metas = [meta_of(target, bases[target.name]) for target in pair]
    ways = [preflight.way_to(target, bases[target.name]) for target in pair]
    names = [target.name for target in pair]
    same, fair = (
        parity(*metas),
        preflight.fairness_checks(names, ways, metas, workspace.config.slo.tightest_s, workspace.config.load.caches),
    )
    if any(target.dialect is not Dialect.RAG_CHAT for target in pair):
        # other dialects cannot say it: that stays a doubt of the report, and does not keep anybody from measuring
        fair = [*(check for check in same if check.answer is Answer.UNKNOWN), *fair]
        same = [check for check in same if check.answer is not Answer.UNKNOWN]
    return {**({"same work": same} if same else {}), FAIRNESS: fair}


def fitting(workspace: Workspace, targets: Sequence[Target], bases: Mapping[str, str]) -> dict[str, list[Check]]:
    """Whether the plan's peaks fit the quotas, and the deadline the runtimes' own limits."""
    described = describe(workspace)
    deadline_s = workspace.config.load.deadline_s
    mixes = [d.mix for d in described]
    limits, fronts, quotas = [], [], []
    for target in targets:
        facts = _facts(workspace, target, bases[target.name])
        limits.append(_named(target, preflight.timeout_check(target, facts, deadline_s)))
        front = front_of(target)
        fronts += [_named(target, c) for c in (front_checks(workspace, front, mixes) if front else ())]
        wanted = preflight.demands(workspace, described, target)
        made = preflight.quota_checks(quotas_of(target), wanted, workspace.config.limits.quota_share)
        if isinstance(target.runtime, AwsLambda):
            made.append(preflight.scaling_check(wanted))
        quotas += [_named(target, check) for check in made]
    return {"limits": limits, **({FRONTS: fronts} if fronts else {}), **({QUOTAS: quotas} if quotas else {})}


def meta_of(target: Target, url: str) -> dict[str, object]:
    """``/v1/meta``; empty where it does not answer, which the contract's own check says."""
    try:
        value = httpx.get(
            url + "/v1/meta", auth=auth_of(target, url), timeout=10, trust_env=False, verify=verify_of(target)
        ).json()
    except (httpx.HTTPError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _facts(workspace: Workspace, target: Target, url: str) -> dict[str, Any]:
    try:
        return runtime_of(target, workspace, url).facts()
    except PilotError:
        return {}


def _named(target: Target, check: Check) -> Check:
    return Check(f"{target.name}: {check.name}", check.answer, check.detail)
