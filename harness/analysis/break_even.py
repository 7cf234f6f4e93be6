"""How busy a capacity must be to be the cheaper one: the break-even beside its volume."""

from __future__ import annotations

from harness.analysis.capacity import Capacity
from harness.analysis.projection import Crossing
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reasons import absence
from harness.domain.traffic import SECONDS_PER_MONTH


def break_even(crossing: Crossing | None, found: Capacity) -> Known:
    """Mean rate over what the fleet of that volume sustains, where the costs cross and this target is the cheaper one above.

    Its ends are those of the volumes at which either may be cheaper, by the ends of the measured capacity.
    """
    if crossing is None:
        return Unknown(absence.NoCrossing())
    if crossing.cheaper_above != found.target:
        return Unknown(absence.CheaperBelow())
    if crossing.fleet != found.target:
        return Unknown(absence.BilledByUse())
    known = found.per_s
    if not isinstance(known, Estimate) or crossing.utilisation is None:
        return Unknown(absence.CapacityUnknown())
    mean_of_peak = crossing.requests / SECONDS_PER_MONTH / crossing.peak_per_s
    value = crossing.utilisation * mean_of_peak
    low, high = (None if use is None else use * mean_of_peak for use in (crossing.used_low, crossing.used_high))
    low = None if low is None else min(low, value)
    high = None if high is None else max(high, value)
    how = "mean rate over what is sustained, where the costs cross"
    return Estimate(value, low, high, known.confidence, known.n, known.blocks, how)
