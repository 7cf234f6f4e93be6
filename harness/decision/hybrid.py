"""The third alternative: a fleet for what it can carry, the function for what goes beyond it."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.capacity import UTILISATION, Capacity
from harness.analysis.spend import runtime_usd
from harness.decision.ceilings import Month
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.own_costs import own_bill
from harness.domain.reasons import absence
from harness.platforms.registry import billing_of
from harness.predict.loads import MonthOf
from harness.predict.parted import parted, share_beyond
from harness.predict.prediction import Quantity
from harness.predict.routed import times
from harness.predict.whole import Sealed
from harness.workspace import Workspace

BASELINE, CANDIDATE, HYBRID = "baseline", "candidate", "hybrid"


def hybrid_cost(workspace: Workspace, capacities: Sequence[Capacity], played: Sealed, at: Month) -> Known:
    """A month of the declared fleet, and of the function for the share of the peak beyond what the fleet is planned for.

    Both are played at their own part of the traffic. The least is a cheap function behind a fleet that carries much, the most
    a dear one behind a fleet that carries little: as cheap and as dear as its own month may be. A team's own line that both
    would pay is paid once.

    Unknown unless one target is a fleet with a measured capacity and the other is billed by use.
    """
    targets = {t.name: t for t in workspace.pair()}
    bills = {name: bill for name, t in targets.items() if (bill := billing_of(t))}
    fleets = [t for t in targets.values() if t.name in bills and not bills[t.name].by_use]
    if len(fleets) != 1 or len(targets) != 2:
        return Unknown(absence.NoHybrid())
    [fleet] = fleets
    function = next(t for t in targets.values() if t is not fleet)
    sustained = next((c.per_s for c in capacities if c.target == fleet.name), None)
    if not isinstance(sustained, Estimate):
        return Unknown(absence.CapacityNotMeasured(fleet.name))

    month = played.at(function.name).of(Quantity.COST).known
    ends = (sustained.value, sustained.high or sustained.value, sustained.low or sustained.value)
    traffic = played.traffic.at(at.traffic.requests_per_month)
    found = [_parts(played, fleet.name, function.name, traffic, carries * UTILISATION) for carries in ends]
    if not isinstance(month, Estimate) or None in found:
        return Unknown(absence.OneCostUnknown())
    twice = runtime_usd(own_bill(set(fleet.beside) & set(function.beside), 0))
    middle, strong, weak = (part for part in found if part is not None)
    low, high = (times(month.value, end) for end in (month.low, month.high))
    least = None if low is None or sustained.high is None else strong[0] + strong[1] * low - twice
    most = None if high is None or sustained.low is None else weak[0] + weak[1] * high - twice
    value = sum(middle) - twice
    overflow = share_beyond(traffic, sustained.value * UTILISATION)
    return Estimate(
        value,
        least if least is None else min(least, value),
        most if most is None else max(most, value),
        month.confidence,
        month.n,
        month.blocks,
        f"the declared fleet, and {overflow * 100:.0f} % of the traffic on the function",
    )


def _parts(
    played: Sealed, fleet: str, function: str, traffic: MonthOf, carries_per_s: float
) -> tuple[float, float] | None:
    """USD a month of the fleet, and of the function."""
    usd = [_usd(played, *of) for of in zip((fleet, function), parted(traffic, carries_per_s), strict=True)]
    return None if usd[0] is None or usd[1] is None else (usd[0], usd[1])


def _usd(played: Sealed, target: str, traffic: MonthOf | None) -> float | None:
    """What it would cost while nobody asks, where it gets nothing."""
    part = played.resting(target) if traffic is None else played.part(target, traffic)
    return None if part is None else runtime_usd(part.month)
