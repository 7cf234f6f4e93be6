"""The third alternative: a fleet for what it can carry, the function for what goes beyond it."""

from __future__ import annotations

from harness.analysis.capacity import UTILISATION
from harness.decision.findings import Findings
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reasons import absence
from harness.platforms.billing import How
from harness.platforms.registry import billing_of
from harness.workspace import Workspace

BASELINE, CANDIDATE, HYBRID = "baseline", "candidate", "hybrid"


def hybrid_cost(workspace: Workspace, findings: Findings) -> Known:
    """A month of the declared fleet, and of the function for the share of the peak beyond what the fleet is planned for.

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
    fixed = findings.cost_of(fleet.name).fixed_per_month_usd
    by_use = findings.cost_of(function.name)
    month = by_use.per_month_usd
    if fixed is None or not isinstance(month, Estimate) or by_use.fixed_per_month_usd is None:
        return Unknown(absence.OneCostUnknown())
    fleet_usd, resting_usd = fixed, by_use.fixed_per_month_usd

    def both(function_usd: float, carries_per_s: float) -> float:
        beyond = overflow_share(workspace, carries_per_s * UTILISATION)
        if shares and findings.projection is not None:  # of less traffic than was scored, each request costs more
            curve = next(c for c in findings.projection.curves if c.target == function.name)
            return fleet_usd + function_usd / month.value * curve.usd_at(findings.expected_requests * beyond)
        return fleet_usd + resting_usd + (function_usd - resting_usd) * beyond

    overflow = overflow_share(workspace, sustained.value * UTILISATION)
    words = f"the declared fleet, and {overflow * 100:.0f} % of the traffic on the function"
    # the least is a cheap function behind a fleet that carries much, the most a dear one behind a fleet that carries little
    low = None if month.low is None or sustained.high is None else both(month.low, sustained.high)
    high = None if month.high is None or sustained.low is None else both(month.high, sustained.low)
    return Estimate(both(month.value, sustained.value), low, high, month.confidence, month.n, month.blocks, words)


def overflow_share(workspace: Workspace, carries_per_s: float) -> float:
    """Of the expected traffic, hour by hour of the week at its peaks: what goes beyond ``carries_per_s``."""
    peaks = workspace.traffic().hourly_peaks(workspace.config.traffic.requests_per_month)
    whole = sum(peaks)
    return sum(max(0.0, peak - carries_per_s) for peak in peaks) / whole if whole else 0.0
