"""What costs by the calendar: over the days of a plan before it begins, and from its deployment on until now."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from harness.domain.plan import Plan
from harness.evidence.events import SEALED
from harness.evidence.store import Store
from harness.platforms.forecast import standing_usd_per_hour
from harness.run import upkeep
from harness.workspace import Workspace

DAY_H, HOUR_S = Decimal(24), Decimal(3600)
STANDS = ("left", "unseen")  # of a destruction: what is still there, what refused to say
MADE = "created"  # what ``pilot deploy`` did with a stack that was not there
BEGUN, REFUSED = "begun", "refused"  # of a deployment: noted before its first call, and that none was sent


def usd_per_hour(workspace: Workspace) -> Decimal:
    """Of every target that is measured, each once, and of what pilot.toml says stands beside them."""
    return sum(_own(workspace).values(), _beside(workspace, Store(workspace.evidence).deployments()))


def over_plan_usd(workspace: Workspace, plan: Plan) -> Decimal:
    """From when it is drawn until its last run can have ended."""
    return deployed_usd(workspace, plan) + sending_usd(workspace, plan)


def deployed_usd(workspace: Workspace, plan: Plan) -> Decimal:
    """Of it, the targets and what stands beside them."""
    return _usd(usd_per_hour(workspace), span_s(plan))


def sending_usd(workspace: Workspace, plan: Plan) -> Decimal:
    """Of it, a fleet and the machine that the campaign may be handed to."""
    return _usd(upkeep.usd_per_hour(upkeep.upkeeps(workspace)), span_s(plan))


def span_s(plan: Plan) -> float:
    """Seconds from a plan's drawing to the end of its last slot, or of its runs one after another where they are more."""
    created = _utc(plan.created)
    ends = [_utc(unit.not_before) + timedelta(seconds=unit.expected_s) for unit in plan.units]
    waited = max((end - created).total_seconds() for end in ends) if ends else 0.0
    return max(plan.expected_s, waited)


def until_now_usd(
    workspace: Workspace, store: Store, now: Callable[[], float] = time.time, *, sending: bool = False
) -> Callable[[], Decimal]:
    """Up to the moment it is called: deployments as the evidence knows them, and load generators.

    A target that was not deployed by ``pilot deploy`` counts from the first seal on: nothing says how long it stood before.
    ``sending``: a campaign of this process leads its fleet from now on.
    """
    journal, deployments, began_s = store.journal(), store.deployments(), now()
    sealed_s = _sealed_at(journal)

    @lru_cache(maxsize=1)
    def rates() -> tuple[dict[str, Decimal], Decimal]:
        return _own(workspace), _beside(workspace, deployments)

    @lru_cache(maxsize=1)
    def fleet() -> Decimal:
        return upkeep.usd_per_hour([upkeep.of_fleet(workspace)])

    @lru_cache(maxsize=8)
    def machine(name: str) -> Decimal:
        return upkeep.usd_per_hour([upkeep.of_machine(workspace, name)])

    def standing() -> Decimal:
        at_s = now()
        own, beside = rates()
        stood = {name: stood_s(deployments, name, sealed_s, at_s) for name in own}
        out = sum((_usd(rate, stood[name]) for name, rate in own.items()), Decimal(0))
        out += _usd(beside, max(stood.values(), default=0.0))
        led_s = upkeep.fleet_s(journal) + (at_s - began_s if sending else 0.0)
        out += _usd(fleet(), led_s) if led_s else Decimal(0)
        return out + sum((_usd(machine(n), s) for n, s in upkeep.machines_s(journal, at_s).items()), Decimal(0))

    return standing


def stood_s(deployments: Sequence[Mapping[str, Any]], target: str, sealed_s: float | None, now_s: float) -> float:
    """How long this target has stood, by what was deployed and destroyed; of one of which that says nothing, since the seal.

    A deployment that began and was never noted as done may have left any part of it standing: it counts whole.
    """
    total_s, known = 0.0, False
    up_s: float | None = None
    begun_s: float | None = None
    for entry in _told(deployments, target):
        at_s = _utc(str(entry["utc"])).timestamp()
        if entry["what"] == BEGUN:
            begun_s = _earlier(begun_s, at_s)
            continue
        if entry["what"] == "deploy" and up_s is None:
            up_s = _earlier(begun_s, _begun_s(entry, target, at_s))
            if not known and not _is_made(entry, target):
                up_s = _earlier(up_s, sealed_s)  # it stood before, and nobody knows since when
        elif entry["what"] == "destroy":
            up_s = _earlier(up_s, begun_s) if known else _earlier(begun_s, sealed_s)  # as above
            if not _stands(entry):
                total_s += 0.0 if up_s is None else max(0.0, at_s - up_s)
                up_s = None
        begun_s, known = None, True
    up_s = _earlier(up_s, begun_s)
    if not known:
        up_s = _earlier(up_s, sealed_s)
    return total_s + (0.0 if up_s is None else max(0.0, now_s - up_s))


def stands(deployments: Sequence[Mapping[str, Any]], target: str) -> bool:
    """Whether something of it is billed, as far as was noted: deployed, begun, or not seen to be gone."""
    last = next(iter(_told(deployments, target)[-1:]), None)
    return last is not None and (last["what"] != "destroy" or _stands(last))


def unfinished(deployments: Sequence[Mapping[str, Any]], target: str) -> bool:
    """Whether its deployment began and nobody noted its end."""
    return [entry["what"] for entry in _told(deployments, target)[-1:]] == [BEGUN]


def gone(deployments: Sequence[Mapping[str, Any]], target: str) -> bool:
    """Whether the last that was noted of it is that nothing is left."""
    return bool(_told(deployments, target)) and not stands(deployments, target)


def _told(deployments: Sequence[Mapping[str, Any]], target: str) -> list[Mapping[str, Any]]:
    """What was noted of it, without what was refused before anything was sent."""
    out: list[Mapping[str, Any]] = []
    for entry in deployments:
        if target not in entry["targets"]:
            continue
        if entry["what"] != REFUSED:
            out.append(entry)
        elif out and out[-1]["what"] == BEGUN:
            out.pop()
    return out


def _stands(destruction: Mapping[str, Any]) -> bool:
    """What nobody could look at may bill on, too."""
    return any(destruction.get(name) for name in STANDS)


def _earlier(one_s: float | None, other_s: float | None) -> float | None:
    """None where neither is known."""
    return min((at_s for at_s in (one_s, other_s) if at_s is not None), default=None)


def _begun_s(entry: Mapping[str, Any], target: str, at_s: float) -> float:
    """When the first of its resources can have been there: an entry is written when all are."""
    return at_s - sum(float(step["seconds"]) for step in entry["steps"] if step.get("target") in (target, None))


def _is_made(entry: Mapping[str, Any], target: str) -> bool:
    return any(step["did"] == MADE for step in entry["steps"] if step.get("target") == target)


def _own(workspace: Workspace) -> dict[str, Decimal]:
    """USD an hour of each target, the sides behind a router apart."""
    every, out = list(workspace.prospects()), {}
    for one in every:
        out[one.name] = standing_usd_per_hour(one) - sum(map(standing_usd_per_hour, one.behind), Decimal(0))
        every += [side for side in one.behind if side.name not in out]
    return out


def _beside(workspace: Workspace, deployments: Sequence[Mapping[str, Any]]) -> Decimal:
    """What stands beside the targets: as pilot.toml says, else as pilot deploy priced what it made there last."""
    if (said := workspace.config.limits.standing_usd_per_day) is not None:
        return said / DAY_H
    usd: dict[str, Decimal] = {}
    for entry in deployments:
        usd |= {name: Decimal(str(cost)) for name, cost in entry.get("beside", {}).items()}
    return sum(usd.values(), Decimal(0))


def _usd(per_hour: Decimal, seconds: float) -> Decimal:
    return per_hour * Decimal(str(round(seconds, 3))) / HOUR_S


def _sealed_at(journal: Sequence[Mapping[str, Any]]) -> float | None:
    said = next((str(e["utc"]) for e in journal if e.get("event") == SEALED and e.get("utc")), None)
    return None if said is None else _utc(said).timestamp()


def _utc(text: str) -> datetime:
    made = datetime.fromisoformat(text)
    return made if made.tzinfo else made.replace(tzinfo=UTC)
