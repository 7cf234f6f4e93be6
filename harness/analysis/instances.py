"""What a platform says that it bills of a whole run, rather than of each request: from the series that its bill declares."""

from __future__ import annotations

from decimal import Decimal

from harness.analysis.series import collected, values
from harness.evidence.store import RunRecord
from harness.platforms.pricing import Pricing


def told(record: RunRecord | None, pricing: Pricing, side: str = "") -> Decimal:
    """Seconds of all instances together, or billed milliseconds of all requests; 0 where none were collected, which has no price."""
    if record is None or not pricing.billing.series:
        return Decimal(0)
    found = collected(record.path, side)
    whole = sum(sum(values(found, metric)) * each for metric, each in pricing.billing.series.items())
    per = pricing.billing.per_memory_mb
    return Decimal(str(round(whole / float(per(pricing.terms)) if per else whole, 3)))
