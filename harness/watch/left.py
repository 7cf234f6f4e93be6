"""What is left to measure, and how long that takes at the pace so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harness.campaign.progress import Pace
from harness.domain.plan import Block, Plan
from harness.evidence.events import BEGUN, ENDED
from harness.status.board import BlockLine, BlockState

OVER = (BlockState.DONE, BlockState.GIVEN_UP, BlockState.NOT_NEEDED)


@dataclass(frozen=True)
class Left:
    """Of the plan: ``measuring_s`` without any wait for slots; ``last_slot`` where one is still to come, in UTC."""

    runs: int
    measuring_s: float
    last_slot: str | None


def left(plan: Plan, lines: Sequence[BlockLine], journal: Sequence[Mapping[str, Any]], now: datetime) -> Left:
    """By the plan's own forecast, and how much longer than it the runs took that have ended."""
    wanted = {line.number for line in lines if line.state not in OVER}
    units = [unit for unit in plan.units if unit.number in wanted]
    ended = _ended(plan, journal)
    runs = sum(run.id not in ended for unit in units for run in unit.runs)
    seconds = sum(_seconds(unit, ended) for unit in units)
    last = max((datetime.fromisoformat(unit.not_before) for unit in units), default=now)
    waits = last > now and not _rehearsed(plan, journal)
    return Left(runs, seconds * pace(plan, journal).factor, last.isoformat(timespec="minutes") if waits else None)


def pace(plan: Plan, journal: Sequence[Mapping[str, Any]]) -> Pace:
    """Of the runs whose begin and end the journal has."""
    expected = {run.id: run.expected_s for run in plan.runs}
    begun: dict[tuple[object, object], datetime] = {}
    out = Pace()
    for event in journal:
        key = (event.get("run"), event.get("attempt"))
        if event.get("event") == BEGUN:
            begun[key] = _at(event)
        elif event.get("event") == ENDED and key in begun and key[0] in expected:
            out.add((_at(event) - begun.pop(key)).total_seconds(), expected[str(key[0])])
    return out


def _ended(plan: Plan, journal: Sequence[Mapping[str, Any]]) -> set[object]:
    """Runs of the attempts that are going on: an INVALID block begins anew."""
    runs_of = {unit.number: {run.id for run in unit.runs} for unit in plan.units}
    out: set[object] = set()
    for event in journal:
        if event.get("event") == "block begun":
            out -= runs_of.get(event.get("block"), set())  # type: ignore[arg-type]
        elif event.get("event") == ENDED:
            out.add(event.get("run"))
    return out


def _rehearsed(plan: Plan, journal: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the block that began last did not wait for its slot."""
    last = next((event for event in reversed(journal) if event.get("event") == "block begun"), None)
    slot = next((u.not_before for u in plan.units if last is not None and u.number == last.get("block")), None)
    return last is not None and slot is not None and _at(last) < datetime.fromisoformat(slot)


def _seconds(unit: Block, ended: set[object]) -> float:
    each = [run.expected_s for run in unit.runs if run.id not in ended]
    return max(each, default=0.0) if unit.side_by_side else sum(each)


def _at(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(event["utc"]))
