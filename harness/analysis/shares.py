"""The one notion behind every promise: the share of requests beyond a limit, with an interval that respects blocks.

    n_eff(s) = n / deff(s) * (z / t_{K-1})^2              K blocks, n requests, s a candidate share
    deff(s)  = 1 + r(s) (deff - 1)                        for the lower end
    deff(s)  = 1 + max(r(s) (deff - 1), excess(s)) + min(r(s), 2) * 0.15 sqrt(2 / (K - 1))    for the upper end
    r(s)     = (phi(z_s) / phi(z_p))^2 * p(1 - p) / (s(1 - s))

and the ends are those of Clopper and Pearson's interval with n_eff(s) in place of n, as
Korn and Graubard (1998) have it, but with the spread between blocks as it would be if
``s`` were the truth: constant on the probit scale. Their own interval takes the spread
at what was seen; a campaign that saw few slow requests then also saw little spread, and
is passed wrongly in 4 to 19 %. What the few beyond can't show of the spread, all the
others do: excess(s) is of how alike the requests of a run are over their whole
distribution (likeness.py; nought for what is only yes or no). The last term is what the
spread's own uncertainty takes, most where few were seen. Where none was, r is that of
one request: zero seen does not prove blocks alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from harness.analysis import special
from harness.analysis.columns import Array
from harness.analysis.likeness import Runs
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reasons import absence

LEAST_BLOCKS = 6  # below it even a perfect sign test cannot reach 5 % two-sided
FLOOR, MOST_FLOORS = 0.15, 2.0  # of the upper end
STEPS = 48  # of halving on the logit scale
METHOD = "share beyond, Clopper-Pearson at the blocks' effective size"


@dataclass(frozen=True)
class Share:
    """``value`` of ``n`` requests in ``blocks`` blocks lie beyond; ``deff``: the design effect of that, at least 1."""

    value: float
    n: float
    blocks: int
    deff: float
    runs: Runs | None = None

    def below(self, share: float, alpha: float) -> bool:
        """Whether the truth is shown to be below ``share``, at a one-sided error ``alpha``."""
        if self.blocks < 2 or share <= 0:
            return False
        return self.value < 1 if share >= 1 else self._at_most(share, alpha) < alpha

    def above(self, share: float, alpha: float) -> bool:
        """Whether the truth is shown to be above ``share``."""
        if self.blocks < 2 or share >= 1:
            return False
        return self.value > 0 and (share <= 0 or self._at_least(share, alpha) < alpha)

    def interval(self, alpha: float, allowed: float | None = None) -> tuple[float, float]:
        """Both ends, each at ``alpha``. ``allowed`` is on the side of each end that ``below`` and ``above`` say."""
        low_from, high_to = 0.0, 1.0
        low_to = high_from = self.value
        if allowed is not None and 0 < allowed < 1:
            if self.above(allowed, alpha):
                low_from = allowed
            elif allowed < self.value:
                low_to = allowed
            if self.below(allowed, alpha):
                high_to = allowed
            elif self.value < allowed:
                high_from = allowed
        low = 0.0 if self.value <= 0 else _end(lambda s: self._at_least(s, alpha) >= alpha, low_from, low_to)
        high = 1.0 if self.value >= 1 else _end(lambda s: self._at_most(s, alpha) < alpha, high_from, high_to)
        return low, high

    def estimate(self, confidence: float, allowed: float | None = None) -> Known:
        """As an Estimate; with one block there is no interval."""
        if self.n == 0:
            return Unknown(absence.NoRequests())
        if self.blocks < 2:
            return Unknown(absence.FewBlocks(self.blocks), round(self.n), self.blocks)
        low, high = self.interval((1 - confidence) / 2, allowed)
        return Estimate(self.value, low, high, confidence, round(self.n), self.blocks, METHOD)

    def _at_most(self, share: float, alpha: float) -> float:
        """P(as few as were seen), were ``share`` the truth."""
        scale = self._scale(share)
        unsure = FLOOR * math.sqrt(2 / (self.blocks - 1))
        told = 0.0 if self.runs is None else self.runs.excess(share, alpha)
        excess = max(scale * (self.deff - 1), told)
        size = self._size(excess + min(scale, MOST_FLOORS) * unsure, alpha)
        seen = self.value * size
        return float(special.betaincc(seen + 1, max(size - seen, 1e-9), share))

    def _at_least(self, share: float, alpha: float) -> float:
        """P(as many as were seen), were ``share`` the truth."""
        size = self._size(self._scale(share) * (self.deff - 1), alpha)
        seen = self.value * size
        return float(special.betainc(max(seen, 1e-9), size - seen + 1, share))

    def _size(self, excess: float, alpha: float) -> float:
        return self.n / (1 + excess) * _t_adjustment(self.blocks, alpha)

    def _scale(self, share: float) -> float:
        """How much more of the variance is between blocks at ``share`` than at what was seen: equal on the probit."""
        seen = min(max(self.value, 1 / self.n), 1 - 1 / self.n)
        z, z_seen = float(special.ndtri(share)), float(special.ndtri(seen))
        return math.exp(z_seen * z_seen - z * z) * seen * (1 - seen) / (share * (1 - share))


def share_of(hits: Array, totals: Array, runs: Runs | None = None) -> Share:
    """From one count a block; a block without a request says nothing and is left out."""
    told = totals > 0
    hits, totals = hits[told], totals[told]
    n, blocks = float(totals.sum()), len(totals)
    if blocks == 0:
        return Share(math.nan, 0, 0, 1.0)
    value = float(hits.sum()) / n
    return with_residuals(value, (hits - value * totals) / n, n, runs)


def with_residuals(value: float, residuals: Array, n: float, runs: Runs | None = None) -> Share:
    """``residuals`` add up to nought: what each block moved the share by (linearised, as Woodruff's 1952 variance)."""
    blocks = len(residuals)
    independent = value * (1 - value) / n
    if blocks < 2 or independent <= 0:
        return Share(value, n, blocks, 1.0, runs)
    variance = blocks / (blocks - 1) * float((residuals**2).sum())
    return Share(value, n, blocks, max(1.0, variance / independent), runs)


def _end(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Where ``holds`` becomes true between ``low`` and ``high``, by halving on the logit."""
    least, most = _logit(low), _logit(high)
    for _ in range(STEPS):
        middle = (least + most) / 2
        if holds(1 / (1 + math.exp(-middle))):
            most = middle
        else:
            least = middle
    return 1 / (1 + math.exp(-most))


def _logit(share: float) -> float:
    inside = min(max(share, 1e-12), 1 - 1e-12)
    return math.log(inside / (1 - inside))


@lru_cache(maxsize=256)
def _t_adjustment(blocks: int, alpha: float) -> float:
    """(z / t_{K-1})^2: what few blocks take from the sample's size."""
    return float(special.ndtri(1 - alpha) / special.stdtrit(blocks - 1, 1 - alpha)) ** 2
