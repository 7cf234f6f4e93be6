"""Quantiles of pooled blocks with their block-jackknife interval; a failed request is +inf."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from harness.analysis import laws
from harness.analysis.jackknife import Jackknifed, from_deletions
from harness.analysis.pooled import Array, Pooled, rank_of
from harness.domain.estimate import Known, Unknown
from harness.domain.quantile import least_n


def inverted_cdf(values: Array, p: float) -> float:
    """Smallest value with at least a share ``p`` at or below it; inf when too many failed."""
    if not len(values):
        return math.nan
    rank = rank_of(p, len(values))
    return float(np.partition(values, rank)[rank])


def independent_se(pooled: Pooled, p: float) -> float:
    """Standard error of ln Q(p) if requests were independent, from order statistics (binomial ranks)."""
    n = len(pooled)
    if n < 2:
        return 0.0
    z = laws.normal_quantile(0.975)
    half = z * math.sqrt(p * (1 - p) / n)
    low, high = pooled.quantile(max(0.0, p - half)), pooled.quantile(min(1.0, p + half))
    if not (0 < low < math.inf and high < math.inf):
        return 0.0
    return (math.log(high) - math.log(low)) / (2 * z)


def quantile(blocks: Sequence[Array], p: float, confidence: float = 0.95) -> Known:
    """The pooled quantile; Unknown where n cannot certify it or too few blocks are there."""
    return _of_pooled(Pooled(blocks), p, confidence)


def curve(blocks: Sequence[Array], shares: Sequence[float]) -> tuple[tuple[float, Known], ...]:
    """The quantile curve: (p, estimate) for each share."""
    pooled = Pooled(blocks)
    return tuple((p, _of_pooled(pooled, p, 0.95)) for p in shares)


def _of_pooled(pooled: Pooled, p: float, confidence: float) -> Known:
    n = len(pooled)
    if n == 0:
        return Unknown("no measured request")
    if pooled.quantile(p) == math.inf:
        return Unknown(f"infinite: {pooled.share_infinite() * 100:.1f} % of {n} requests failed", n, pooled.blocks)
    if n < least_n(p):
        return Unknown(f"n = {n} cannot certify p{p * 100:g}: at least {least_n(p)} are needed", n, pooled.blocks)
    if pooled.blocks < 2:
        return Unknown(f"{pooled.blocks} valid block(s): an interval needs at least 2", n, pooled.blocks)
    without = [pooled.log_quantile(p, k) for k in range(pooled.blocks)]
    result = from_deletions(pooled.log_quantile(p), without, independent_se(pooled, p))
    return result.estimate(confidence, n, f"p{p * 100:g} pooled, block jackknife")


def log_ratio(candidate: Sequence[Array], baseline: Sequence[Array], p: float) -> Jackknifed:
    """Ln of candidate's quantile over baseline's, dropping pairs of blocks together."""
    top, bottom = Pooled(candidate), Pooled(baseline)

    def ratio(without: int | None) -> float:
        a, b = top.log_quantile(p, without), bottom.log_quantile(p, without)
        return a - b if math.isfinite(a) and math.isfinite(b) else math.inf

    floor = (
        math.hypot(independent_se(top, p), independent_se(bottom, p))
        if _identical(candidate, p) and _identical(baseline, p)
        else 0.0
    )
    return from_deletions(ratio(None), [ratio(k) for k in range(len(candidate))], floor)


def block_spread(blocks: Sequence[Array], p: float) -> float | None:
    """Standard deviation of the per-block ln quantile; above 0.20 the interval's limits are optimistic."""
    logs = [math.log(q) for b in blocks if len(b) and 0 < (q := inverted_cdf(b, p)) < math.inf]
    return float(np.std(logs, ddof=1)) if len(logs) > 1 else None


def _identical(blocks: Sequence[Array], p: float) -> bool:
    return len({inverted_cdf(b, p) for b in blocks}) == 1
