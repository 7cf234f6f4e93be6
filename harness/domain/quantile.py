"""A plain quantile that needs no numpy, for the rooms that start fast, and how many requests one needs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def quantile(values: Sequence[float], p: float) -> float | None:
    """Smallest value with at least a share ``p`` at or below it (inverted CDF); None when empty."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered), max(1, math.ceil(p * len(ordered) - 1e-9))) - 1]


def least_n(p: float, confidence: float = 0.95) -> int:
    """Observations below which no finite one-sided upper limit for quantile ``p`` exists: ln(1 - c)/ln(p)."""
    return math.ceil(math.log(1 - confidence) / math.log(p))
