"""Quantiles of pooled blocks with their block-jackknife interval; a failed request is +inf."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from harness.analysis.jackknife import Jackknifed, LogStatistic, jackknife
from harness.domain.estimate import Known, Unknown

Array = np.ndarray[Any, np.dtype[np.float64]]


def inverted_cdf(values: Array, p: float) -> float:
    """Smallest value with at least a share ``p`` at or below it; inf when too many failed."""
    if not len(values):
        return math.nan
    rank = min(len(values) - 1, max(0, math.ceil(p * len(values) - 1e-9) - 1))
    return float(np.partition(values, rank)[rank])


def least_n(p: float, confidence: float = 0.95) -> int:
    """Observations below which no finite one-sided upper limit for quantile ``p`` exists: ln(1 - c)/ln(p)."""
    return math.ceil(math.log(1 - confidence) / math.log(p))


def log_quantile(blocks: Sequence[Array], p: float) -> LogStatistic:
    """Ln of the pooled quantile over the kept blocks."""

    def statistic(kept: Sequence[int]) -> float:
        value = inverted_cdf(np.concatenate([blocks[k] for k in kept]), p)
        return math.log(value) if value > 0 else -math.inf

    return statistic


def independent_se(values: Array, p: float) -> float:
    """Standard error of ln Q(p) if requests were independent, from order statistics (binomial ranks)."""
    n = len(values)
    if n < 2:
        return 0.0
    z = float(stats.norm.ppf(0.975))
    half = z * math.sqrt(p * (1 - p) / n)
    low, high = inverted_cdf(values, max(0.0, p - half)), inverted_cdf(values, min(1.0, p + half))
    if not (0 < low < math.inf and high < math.inf):
        return 0.0
    return (math.log(high) - math.log(low)) / (2 * z)


def quantile(blocks: Sequence[Array], p: float, confidence: float = 0.95) -> Known:
    """The pooled quantile; Unknown where n cannot certify it or too few blocks are there."""
    pooled = np.concatenate(blocks) if blocks else np.empty(0)
    n = len(pooled)
    if n == 0:
        return Unknown("no measured request")
    if inverted_cdf(pooled, p) == math.inf:
        return Unknown(f"infinite: {np.isinf(pooled).mean() * 100:.1f} % of {n} requests failed")
    if n < least_n(p):
        return Unknown(f"n = {n} cannot certify p{p * 100:g}: at least {least_n(p)} are needed")
    if len(blocks) < 2:
        return Unknown(f"{len(blocks)} valid block(s): an interval needs at least 2")
    result = jackknife(log_quantile(blocks, p), len(blocks), independent_se(pooled, p))
    return result.estimate(confidence, n, f"p{p * 100:g} pooled, block jackknife")


def curve(blocks: Sequence[Array], shares: Sequence[float]) -> tuple[tuple[float, Known], ...]:
    """The quantile curve: (p, estimate) for each share."""
    return tuple((p, quantile(blocks, p)) for p in shares)


def log_ratio(candidate: Sequence[Array], baseline: Sequence[Array], p: float) -> Jackknifed:
    """Ln of candidate's quantile over baseline's, dropping pairs of blocks together."""
    top, bottom = log_quantile(candidate, p), log_quantile(baseline, p)

    def statistic(kept: Sequence[int]) -> float:
        a, b = top(kept), bottom(kept)
        return a - b if math.isfinite(a) and math.isfinite(b) else math.inf

    floor = (
        math.hypot(independent_se(np.concatenate(candidate), p), independent_se(np.concatenate(baseline), p))
        if _identical(candidate, p) and _identical(baseline, p)
        else 0.0
    )
    return jackknife(statistic, len(candidate), floor)


def block_spread(blocks: Sequence[Array], p: float) -> float | None:
    """Standard deviation of the per-block ln quantile; above 0.20 the interval's limits are optimistic."""
    logs = [math.log(q) for b in blocks if len(b) and 0 < (q := inverted_cdf(b, p)) < math.inf]
    return float(np.std(logs, ddof=1)) if len(logs) > 1 else None


def _identical(blocks: Sequence[Array], p: float) -> bool:
    return len({inverted_cdf(b, p) for b in blocks}) == 1
