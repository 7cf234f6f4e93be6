"""What ``pilot check`` asks, group by group: the contract gates a campaign, quotas and fairness advise it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from harness.check import preflight
from harness.check.asking import asker_of, terms_of
from harness.check.contract_check import SAME, Answer, Check, ShownBy, Weight, parity
from harness.check.fronts import front_checks
from harness.check.retrieval_check import retrieval_check
from harness.domain.bounds import MOST_HEADER_TEXT
from harness.domain.lines import first_line
from harness.domain.quota import Granted, Quota
from harness.domain.role import RETRIEVALS
from harness.domain.target import Dialect, Target
from harness.errors import PilotError
from harness.evidence.events import CHECKED
from harness.planning.changes import last_seal
from harness.planning.profiles import describe
from harness.platforms.control import facts_of, runtime_of
from harness.platforms.limits import front_of, limits_of, quotas_of
from harness.workspace import Workspace

QUOTAS, FAIRNESS, FRONTS = "quotas", "fairness", "platforms"
MOST_CACHES = 16
_ADVICE = (QUOTAS, FAIRNESS, FRONTS)


def comparing(workspace: Workspace, pair: Sequence[Target], bases: Mapping[str, str]) -> dict[str, list[Check]]:
    """Whether two targets do the same work, and whether anything but the runtime could make them differ."""
    metas = [meta_of(target, bases[target.name]) for target in pair]
    ways = [preflight.way_to(target, bases[target.name]) for target in pair]
    names = [target.name for target in pair]
    same, fair = (
        parity(*metas),
        preflight.fairness_checks(names, ways, metas, workspace.config.slo.tightest_s, workspace.config.load.caches),
    )
    silent = [target.name for target in pair if target.dialect is not Dialect.RAG_CHAT]
    return {"same work": [_silenced(c, silent) for c in same], FAIRNESS: _advice(_silenced(c, silent) for c in fair)}


def _silenced(check: Check, silent: Sequence[str]) -> Check:
    """What an API has no field for is not told, which is no fault of the endpoint; the samples may show it."""
    if check.answer is not Answer.UNKNOWN or check.shown_by is None or not silent:
        return check
    words = f"{' and '.join(silent)} {'has' if len(silent) == 1 else 'have'} no field for it"
    shown = (
        "" if check.shown_by is ShownBy.NOTHING else f"; the report compares the {check.shown_by.value} of every pair"
    )
    return replace(check, answer=Answer.UNTOLD, detail=words + shown)


def fitting(workspace: Workspace, targets: Sequence[Target], bases: Mapping[str, str]) -> dict[str, list[Check]]:
    """Whether the plan's peaks fit the quotas, and the deadline the runtimes' own limits."""
    described = describe(workspace)
    deadline_s = workspace.config.load.deadline_s
    mixes = [d.mix for d in described]
    limits: list[Check] = []
    fronts: list[Check] = []
    quotas: list[Check] = []
    for target in targets:
        facts = _facts(workspace, target, bases[target.name])
        waits = preflight.timeout_check(target, facts, deadline_s)
        told = waits is not None and waits.answer is not Answer.UNKNOWN
        (limits if told else fronts).extend([_named(target, waits)] if waits else [])
        front = front_of(target)
        fronts += [_named(target, c) for c in (front_checks(workspace, front, mixes) if front else ())]
        wanted = preflight.demands(workspace, described, target)
        granted = quotas_of(target)
        made = preflight.quota_checks(granted, wanted, workspace.config.limits.quota_share)
        if (starts := limits_of(target).starts_per_10_s) is not None:
            made.append(preflight.scaling_check(wanted, starts))
        quotas += [_of_account(_named(target, check), target, read) for check, read in zip_longest(made, granted)]
    searched = any(d.plan.role in RETRIEVALS for d in described)
    passages = [retrieval_check(t, bases[t.name], terms_of(workspace)) for t in targets] if searched else []
    return {
        **({"retrieval": passages} if passages else {}),
        **({"limits": limits} if limits else {}),
        **({FRONTS: _advice(fronts)} if fronts else {}),
        **({QUOTAS: _advice(quotas)} if quotas else {}),
    }


def _advice(checks: Iterable[Check]) -> list[Check]:
    return [replace(check, weight=Weight.ADVICE) for check in checks]


def gates(stored: Mapping[str, Sequence[Mapping[str, str]]]) -> list[tuple[str, Mapping[str, str]]]:
    """Of checks as the evidence keeps them, with their group, those that load waits for; older ones tell by their group."""
    return [
        (group, check)
        for group, checks in stored.items()
        for check in checks
        if check.get("weight", Weight.ADVICE if group in _ADVICE else Weight.GATE) == Weight.GATE
    ]


def meta_of(target: Target, url: str) -> dict[str, object]:
    """What is compared of ``/v1/meta``; empty where it does not answer, which the contract's own check says."""
    with asker_of(replace(target, dialect=Dialect.RAG_CHAT, fields=None), url) as asker:  # however it is asked to chat
        return typed_meta(asker.send("GET", "/v1/meta").said.fields)


def typed_meta(said: Mapping[str, Any]) -> dict[str, object]:
    """Texts, names of caches and the region; what is of another type or longer than a name is not said."""
    made: dict[str, object] = {name: said[name] for name in SAME if _is_name(said.get(name))}
    caches, runtime = said.get("caches"), said.get("runtime")
    if isinstance(caches, list) and len(caches) <= MOST_CACHES and all(map(_is_name, caches)):
        made["caches"] = caches
    region = runtime.get("region") if isinstance(runtime, dict) else None
    made["runtime"] = {"region": region if _is_name(region) else None}
    return made


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_HEADER_TEXT


def _facts(workspace: Workspace, target: Target, url: str) -> dict[str, Any] | str:
    """What the control side says, or why it says nothing."""
    try:
        return facts_of(runtime_of(target, workspace.root, url))
    except PilotError as error:
        return first_line(str(error))


def _of_account(check: Check, target: Target, read: Quota | None) -> Check:
    """With the limit that was read, which bounds what is predicted of its fleet."""
    if read is None or read.limit is None:
        return check
    return replace(check, granted=Granted(target.name, read.name, read.needs, read.limit))


def _named(target: Target, check: Check) -> Check:
    return Check(f"{target.name}: {check.name}", check.answer, check.detail)


def checked(journal: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every contract was kept, asked since the last seal: a mapping that was sealed again is asked again."""
    sealed = last_seal(journal)
    return any(e["event"] == CHECKED for e in journal[sealed[0] if sealed else 0 :])
