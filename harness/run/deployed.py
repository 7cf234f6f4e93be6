"""What is deployed costs by the calendar: over the days of a plan before it begins, and from its seal on until now."""

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
from harness.workspace import Workspace

DAY_H, HOUR_S = Decimal(24), Decimal(3600)


def usd_per_hour(workspace: Workspace) -> Decimal:
    """Of every target that is measured, each once, and of what pilot.toml says stands beside them."""
    every = {one.name: one for one in workspace.prospects()}
    behind = {side.name for one in every.values() for side in one.behind}  # counted with their router
    beside = (workspace.config.limits.standing_usd_per_day or Decimal(0)) / DAY_H
    return sum((standing_usd_per_hour(one) for one in every.values() if one.name not in behind), beside)


def over_plan_usd(workspace: Workspace, plan: Plan) -> Decimal:
    """From when it is drawn until its last run can have ended."""
    return usd_per_hour(workspace) * Decimal(str(round(span_s(plan), 3))) / HOUR_S


def span_s(plan: Plan) -> float:
    """Seconds from a plan's drawing to the end of its last slot, or of its runs one after another where they are more."""
    created = _utc(plan.created)
    ends = [_utc(unit.not_before) + timedelta(seconds=unit.expected_s) for unit in plan.units]
    waited = max((end - created).total_seconds() for end in ends) if ends else 0.0
    return max(plan.expected_s, waited)


def until_now_usd(workspace: Workspace, store: Store, now: Callable[[], float] = time.time) -> Callable[[], Decimal]:
    """Of the time since the plan was first sealed, whenever it is asked: what was deployed before that is not known here."""
    began = _sealed_at(store.journal())
    per_hour = lru_cache(maxsize=1)(lambda: usd_per_hour(workspace))

    def standing() -> Decimal:
        if began is None:
            return Decimal(0)
        return per_hour() * Decimal(str(round(max(0.0, now() - began), 3))) / HOUR_S

    return standing


def _sealed_at(journal: Sequence[Mapping[str, Any]]) -> float | None:
    said = next((str(e["utc"]) for e in journal if e.get("event") == SEALED and e.get("utc")), None)
    return None if said is None else _utc(said).timestamp()


def _utc(text: str) -> datetime:
    made = datetime.fromisoformat(text)
    return made if made.tzinfo else made.replace(tzinfo=UTC)
