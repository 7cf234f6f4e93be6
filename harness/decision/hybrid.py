"""The third alternative: a fleet for what it can carry, the function for what goes beyond it."""

from __future__ import annotations

from collections.abc import Iterable

from harness.analysis.capacity import UTILISATION
from harness.analysis.spend import runtime_usd
from harness.decision.ceilings import Month
from harness.decision.findings import Findings
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.own_costs import OwnCost, own_bill
from harness.domain.reasons import absence
from harness.domain.traffic import Traffic
from harness.platforms.billing import How
from harness.platforms.registry import billing_of
from harness.workspace import Workspace

BASELINE, CANDIDATE, HYBRID = "baseline", "candidate", "hybrid"


def hybrid_cost(workspace: Workspace, findings: Findings, at: Month | None = None) -> Known:
    """A month of the declared fleet, and of the function for the share of the peak beyond what the fleet is planned for.

    ``at``: another month than that of the expected traffic. A team's own line that both would pay is paid once.

    Unknown unless one target is a fleet with a measured capacity and the other is billed by use.
    """
    targets = {t.name: t for t in workspace.pair()}
    bills = {name: bill for name, t in targets.items() if (bill := billing_of(t))}
    fleets = [t for t in targets.values() if t.name in bills and not bills[t.name].by_use]
    if len(fleets) != 1 or len(targets) != 2:
        return Unknown(absence.NoHybrid())
    [fleet] = fleets
    function = next(t for t in targets.values() if t is not fleet)
    shares = function.name in bills and bills[function.name].how is How.INSTANCE_TIME
    sustained = next((c.per_s for c in findings.capacities if c.target == fleet.name), None)
    if not isinstance(sustained, Estimate):
        return Unknown(absence.CapacityNotMeasured(fleet.name))
    traffic, start = (workspace.traffic(), False) if at is None else (at.traffic, at.start)
    requests = traffic.requests_per_month
    fixed = findings.cost_of(fleet.name, start=start).fixed_per_month_usd
    by_use = findings.cost_of(function.name, start=start)
    month = by_use.per_month_usd
    if fixed is None or not isinstance(month, Estimate) or by_use.fixed_per_month_usd is None:
        return Unknown(absence.OneCostUnknown())
    fleet_usd = fixed - _own_usd(fleet.beside, 0)
    resting_usd = by_use.fixed_per_month_usd - _own_usd(function.beside, 0)
    whole_usd, own_usd = month.value - _own_usd(function.beside, requests), _own_usd(function.beside, requests)
    shared = set(fleet.beside) & set(function.beside)

    def own(beyond: float) -> float:
        apart = [
            _own_usd((c for c in t.beside if c not in shared), requests * share)
            for t, share in ((fleet, 1 - beyond), (function, beyond))
        ]
        return sum(apart) + _own_usd(shared, requests)

    def both(month_usd: float, carries_per_s: float) -> float:
        beyond = overflow_share(traffic, carries_per_s * UTILISATION)
        function_usd = month_usd - own_usd
        if shares and findings.projection is not None:  # of less traffic than was scored, each request costs more
            curve = next(c for c in findings.projection.curves if c.target == function.name)
            less_usd = curve.usd_at(requests * beyond) - _own_usd(function.beside, requests * beyond)
            return fleet_usd + function_usd / whole_usd * less_usd + own(beyond)
        return fleet_usd + resting_usd + (function_usd - resting_usd) * beyond + own(beyond)

    overflow = overflow_share(traffic, sustained.value * UTILISATION)
    words = f"the declared fleet, and {overflow * 100:.0f} % of the traffic on the function"
    # the least is a cheap function behind a fleet that carries much, the most a dear one behind a fleet that carries little
    low = None if month.low is None or sustained.high is None else both(month.low, sustained.high)
    high = None if month.high is None or sustained.low is None else both(month.high, sustained.low)
    return Estimate(both(month.value, sustained.value), low, high, month.confidence, month.n, month.blocks, words)


def _own_usd(lines: Iterable[OwnCost], requests: float) -> float:
    return runtime_usd(own_bill(lines, requests))


def overflow_share(traffic: Traffic, carries_per_s: float) -> float:
    """Of a month's traffic, hour by hour of the week at its peaks: what goes beyond ``carries_per_s``."""
    peaks = traffic.hourly_peaks(traffic.requests_per_month)
    whole = sum(peaks)
    return sum(max(0.0, peak - carries_per_s) for peak in peaks) / whole if whole else 0.0
