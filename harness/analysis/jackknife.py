"""The interval of a smooth ratio of totals, as a cost: delete-one-block jackknife of its log, t with K - 1 df.

    f    = ln of the statistic over all blocks pooled
    f_k  = the same without block k
    se   = sqrt((K - 1)/K * sum (f_k - mean f_k)^2)
    low, high = exp(f -/+ t_{K-1} * se)

Not for percentiles and shares, whose jackknife fails where few answers lie near the
limit (``shares`` and ``quantiles`` have theirs). The block is the unit.
``se`` is floored at what independent requests would give: equal blocks prove nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis import laws
from harness.domain.estimate import Estimate

LogStatistic = Callable[[Sequence[int]], float]


@dataclass(frozen=True)
class Jackknifed:
    """A log statistic with its standard error; ``bounded`` is False where a deletion made it infinite."""

    log_value: float
    se: float
    blocks: int
    bounded: bool

    def estimate(self, confidence: float, n: int, method: str) -> Estimate:
        """On the natural scale."""
        if not self.bounded:
            return Estimate(math.exp(self.log_value), None, None, confidence, n, self.blocks, method)
        half = laws.t_quantile((1 + confidence) / 2, self.blocks - 1) * self.se
        value = math.exp(self.log_value)
        low, high = math.exp(self.log_value - half), math.exp(self.log_value + half)
        return Estimate(value, low, high, confidence, n, self.blocks, method)


def jackknife(statistic: LogStatistic, blocks: int, floor_se: float = 0.0) -> Jackknifed:
    """``statistic`` gets the indices that are kept; it may return inf. Needs two blocks at least."""
    everything = list(range(blocks))
    return from_deletions(
        statistic(everything), [statistic(everything[:k] + everything[k + 1 :]) for k in everything], floor_se
    )


def from_deletions(whole: float, without: Sequence[float], floor_se: float = 0.0) -> Jackknifed:
    """The same from values already at hand: over all blocks, and without each."""
    deleted, blocks = np.array(without), len(without)
    if not math.isfinite(whole) or not np.isfinite(deleted).all():
        return Jackknifed(whole, math.inf, blocks, bounded=False)
    se = math.sqrt((blocks - 1) / blocks * float(((deleted - deleted.mean()) ** 2).sum()))
    return Jackknifed(whole, max(se, floor_se), blocks, bounded=True)


def ratio_of_totals(numerator: np.ndarray, denominator: np.ndarray) -> LogStatistic:
    """ln(sum / sum) over the kept blocks: cost per success, error rate, goodput; never a mean of ratios."""

    def statistic(kept: Sequence[int]) -> float:
        top, bottom = float(numerator[list(kept)].sum()), float(denominator[list(kept)].sum())
        return math.log(top / bottom) if top > 0 and bottom > 0 else -math.inf if bottom > 0 else math.inf

    return statistic
