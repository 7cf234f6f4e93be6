"""What one unit of a capacity carries, by what was measured: a task, or one machine's share of all that were driven."""

from __future__ import annotations

import math

from harness.analysis.capacity import UTILISATION, Capacity
from harness.domain.estimate import Estimate
from harness.platforms.pricing import Pricing


def per_unit(found: Capacity, pricing: Pricing) -> float | None:
    """Requests a second; None where no limit was found, or what is billed has no units."""
    count = _count(found, pricing)
    return found.per_s.value / count if count and isinstance(found.per_s, Estimate) else None


def per_unit_ends(found: Capacity, pricing: Pricing) -> tuple[float, float] | None:
    """At the ends of the measured capacity's interval."""
    known, count = found.per_s, _count(found, pricing)
    if not count or not isinstance(known, Estimate) or known.low is None or known.high is None:
        return None
    return known.low / count, known.high / count


def needed(found: Capacity, pricing: Pricing, peak_per_s: float) -> int | None:
    """Units that carry the peak at ``UTILISATION``; None where it cannot be told."""
    one = per_unit(found, pricing)
    return math.ceil(peak_per_s / (one * UTILISATION)) if one else None


def _count(found: Capacity, pricing: Pricing) -> float | None:
    """How many units carried it: as clients saw them where a unit answers by itself, else as many as are declared."""
    units = pricing.billing.units
    if units is None or units.answers:
        return found.instances
    return pricing.units
