"""Percentiles from the distribution function: the share beyond a value, inverted (Woodruff 1952). A failed request is +inf.

The interval holds every value beyond which the share of requests is not shown to be
smaller or larger than it may be. So a p95's interval lies below a limit exactly where
the share beyond the limit is shown to be below 5 %: the verdict and the percentile are
one statement.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from harness.analysis.pooled import Array, Pooled, first, rank_of
from harness.analysis.shares import Share, share_of
from harness.domain.estimate import Estimate, Infinite, Known, Unknown
from harness.domain.reasons import absence


def inverted_cdf(values: Array, p: float) -> float:
    """Smallest value with at least a share ``p`` at or below it; inf when too many failed."""
    if not len(values):
        return math.nan
    rank = rank_of(p, len(values))
    return float(np.partition(values, rank)[rank])


def quantile(blocks: Sequence[Array], p: float, confidence: float = 0.95, limit: float | None = None) -> Known:
    """The pooled percentile; ``limit`` is the promise that it is held to, where there is one."""
    return percentile(Pooled(blocks), p, confidence, limit)


def curve(blocks: Sequence[Array], shares: Sequence[float]) -> tuple[tuple[float, Known], ...]:
    """The quantile curve: (p, estimate) for each share."""
    pooled = Pooled(blocks)
    return tuple((p, percentile(pooled, p)) for p in shares)


def percentile(pooled: Pooled, p: float, confidence: float = 0.95, limit: float | None = None) -> Known:
    """Unknown without two blocks; Infinite where more failed than may lie beyond; an open end says why."""
    n, blocks, allowed, alpha = len(pooled), pooled.blocks, 1 - p, (1 - confidence) / 2
    if n == 0:
        return Unknown(absence.NoRequests())
    if blocks < 2:
        return Unknown(absence.FewBlocks(blocks), n, blocks)
    value = pooled.quantile(p)
    low, high = _ends(pooled, allowed, alpha, limit)
    failed = int(pooled.failed.sum())
    if math.isinf(value):
        return Infinite(absence.ManyFailed(failed / n, n), n, blocks, low)
    why = None if high is not None else _why_open(pooled, allowed, failed)
    return Estimate(value, low, high, confidence, n, blocks, f"p{p * 100:g}, share beyond inverted", why)


def _ends(pooled: Pooled, allowed: float, alpha: float, limit: float | None) -> tuple[float | None, float | None]:
    """None where no finite value is such an end; the search starts at ``limit``, so that no end contradicts it."""

    def beyond(value: float) -> Share:
        return share_of(pooled.beyond(value), pooled.totals, pooled.runs(value))

    def shown_below(value: float) -> bool:
        return beyond(value).below(allowed, alpha)

    def not_above(value: float) -> bool:
        return not beyond(value).above(allowed, alpha)

    start = limit if limit is not None and math.isfinite(limit) else None
    return first(pooled.finite, not_above, start), first(pooled.finite, shown_below, start)


def _why_open(pooled: Pooled, allowed: float, failed: int) -> absence.Absence:
    """Failures, or too few requests: what leaves no finite end."""
    if failed:
        return absence.FailuresMayExceed(failed, len(pooled), allowed)
    return absence.FewToBound(len(pooled), pooled.blocks, allowed)


def block_spread(blocks: Sequence[Array], p: float) -> float | None:
    """Standard deviation of the per-block ln quantile; above 0.25 a PASS errs more often."""
    logs = [math.log(q) for b in blocks if len(b) and 0 < (q := inverted_cdf(b, p)) < math.inf]
    return float(np.std(logs, ddof=1)) if len(logs) > 1 else None
