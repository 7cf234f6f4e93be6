"""A share of counts with its block interval, and the exact limit where nothing was seen."""

from __future__ import annotations

import math

from harness.analysis.columns import Array
from harness.analysis.jackknife import jackknife, ratio_of_totals
from harness.domain.estimate import Estimate, Known, Unknown


def share_of(total: Array, hits: Array, what: str) -> Known:
    """Hits over total, one entry a block; ``what`` names them, as "refused over offered"."""
    n, k, blocks = int(total.sum()), int(hits.sum()), len(total)
    if n == 0:
        return Unknown("no measured request")
    if k == 0:
        return Estimate(0.0, 0.0, 1 - 0.05 ** (1 / n), 0.95, n, blocks, "none seen: exact one-sided limit")
    if blocks < 2:
        return Unknown(f"{blocks} valid block(s): an interval needs at least 2")
    result = jackknife(ratio_of_totals(hits + 0.5, total), blocks, math.sqrt((1 - k / n) / k))
    estimate = result.estimate(0.95, n, f"{what}, block jackknife")
    high = None if estimate.high is None else min(1.0, estimate.high)
    return Estimate(k / n, estimate.low, high, 0.95, n, blocks, estimate.method)
