"""Two targets measured in the same blocks: the ratio of their percentiles, and the difference of shares beyond a limit.

A ratio r of the p-percentiles is compatible with the data where one value q exists so
that the shares beyond r q (candidate) and beyond q (baseline) both are 1 - p:

    T^2(r) = min over q of K g' S^-1 g,   g = (share_A(r q) - (1 - p), share_B(q) - (1 - p))

with S the covariance of the two over blocks, taken at q itself, so that weather that both
shared cancels. T^2 is held to t^2 with K - 1 degrees. No density is needed, so cold and
warm, or answers and failures, may meet at the percentile; and of two equal targets the
differences are symmetric, for which t errs on the safe side whatever their tails. A
percentile may be infinite on both sides: then every ratio is compatible.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.analysis import laws
from harness.analysis.pooled import Array, Pooled
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reasons.absence import FewPairedBlocks

CANDIDATES, FINER = 40, 25  # values tried for q: from each of the two, and around the best of all
WIDEST = math.log(1e4)  # of a ratio that is looked for
FINE = 1e-5  # of its logarithm


@dataclass(frozen=True)
class Side:
    """One target's values, and how many of each block lie beyond the values that are tried."""

    pooled: Pooled
    p: float

    @cached_property
    def value(self) -> float:
        return self.pooled.quantile(self.p)

    @cached_property
    def tried(self) -> Array:
        """Finite values around the percentile: shares beyond from a fiftieth to eight times what it allows."""
        beyond = np.geomspace((1 - self.p) / 50, min(0.9, 8 * (1 - self.p)), CANDIDATES)
        found = np.sort(
            np.concatenate([b[np.minimum(len(b) - 1, (len(b) * (1 - beyond)).astype(int))] for b in self.pooled.sorted])
        )
        finite: Array = found[np.isfinite(found)]
        return finite[:: max(1, len(finite) // CANDIDATES)]

    def moves(self, values: Array) -> tuple[Array, Array]:
        """Share beyond each value, and how each block (rows) moves it, scaled so that their mean is that share's error."""
        totals = self.pooled.totals[:, None]
        hits = totals - np.stack([b.searchsorted(values, "right") for b in self.pooled.sorted])
        return _moved(hits, totals)

    @cached_property
    def failed(self) -> tuple[Array, Array]:
        totals = self.pooled.totals[:, None]
        return _moved(self.pooled.failed[:, None], totals)


def _moved(hits: Array, totals: Array) -> tuple[Array, Array]:
    n = totals.sum()
    share = hits.sum(axis=0) / n
    return share, (hits - share * totals) * (len(hits) / n)


class Paired:
    """Candidate over baseline at the ``p``-percentile; blocks in one order, none of them empty."""

    def __init__(self, candidate: Sequence[Array], baseline: Sequence[Array], p: float) -> None:
        self.top, self.bottom = Side(Pooled(candidate), p), Side(Pooled(baseline), p)
        self.allowed, self.blocks = 1 - p, self.top.pooled.blocks
        # less spread than chance leaves in 39 of 40 campaigns of independent requests is not believed
        self._least = laws.chi_squared_quantile(0.025, self.blocks - 1) / (self.blocks - 1)

    @property
    def n(self) -> int:
        return len(self.top.pooled) + len(self.bottom.pooled)

    @cached_property
    def value(self) -> float:
        """Ratio of the two percentiles; nan where both are infinite."""
        a, b = self.top.value, self.bottom.value
        return math.nan if math.isinf(a) and math.isinf(b) else a / b if b else math.inf

    def p_value(self, ratio: float) -> float:
        """Two-sided, that ``ratio`` is the truth."""
        return laws.t_two_sided(math.sqrt(self.distance(ratio)), self.blocks - 1)

    def interval(self, confidence: float, known: float = 1.0) -> tuple[float | None, float | None]:
        """Ends that agree with ``p_value(known)``; None where no finite ratio is refused on that side."""
        most = laws.t_quantile((1 + confidence) / 2, self.blocks - 1) ** 2
        if self.both_infinite <= most or not 0 < self.value < math.inf:
            return None, None
        return self._end(-1, most, known), self._end(1, most, known)

    @cached_property
    def both_infinite(self) -> float:
        """T^2 of both percentiles being infinite: 0 where more failed on both sides than may lie beyond."""
        return self._not_infinite(self.top) + self._not_infinite(self.bottom)

    def distance(self, ratio: float) -> float:
        """T^2 of a finite ratio: the least over values tried, then over finer ones around the best of them."""
        tried = np.sort(np.concatenate([self.bottom.tried, self.top.tried / ratio]))
        if not tried.size:
            return self.both_infinite
        coarse = self._distances(ratio, tried)
        best = int(coarse.argmin())
        around = np.linspace(tried[max(0, best - 1)], tried[min(len(tried) - 1, best + 1)], FINER)
        return min(self.both_infinite, float(coarse[best]), float(self._distances(ratio, around).min()))

    def _distances(self, ratio: float, values: Array) -> Array:
        (share_a, moves_a), (share_b, moves_b) = self.top.moves(ratio * values), self.bottom.moves(values)
        k = self.blocks
        off_a, off_b = share_a - self.allowed, share_b - self.allowed
        var_a = np.maximum((moves_a**2).sum(axis=0) / (k - 1), self._floor(self.top))
        var_b = np.maximum((moves_b**2).sum(axis=0) / (k - 1), self._floor(self.bottom))
        most = 0.999 * np.sqrt(var_a * var_b)
        both = np.clip((moves_a * moves_b).sum(axis=0) / (k - 1), -most, most)
        squares = off_a**2 * var_b - 2 * off_a * off_b * both + off_b**2 * var_a
        distances: Array = k * squares / (var_a * var_b - both**2)
        return distances

    def _not_infinite(self, side: Side) -> float:
        [share], moves = side.failed
        if share >= self.allowed:
            return 0.0
        variance = max(float((moves**2).sum()) / (self.blocks - 1), self._floor(side))
        return self.blocks * float(share - self.allowed) ** 2 / variance

    def _floor(self, side: Side) -> float:
        return self._least * self.allowed * (1 - self.allowed) * self.blocks / len(side.pooled)

    def _end(self, sign: int, most: float, known: float) -> float | None:
        """From a ratio that is accepted to one that is refused, and halved between them on the logarithm."""
        side = self.top if sign > 0 else self.bottom
        if self._not_infinite(side) <= most:
            return None
        inside = math.log(self.value)
        outside: float | None = None
        if sign * (math.log(known) - inside) > 0:
            if self.distance(known) > most:
                outside = math.log(known)
            else:
                inside = math.log(known)
        step = 0.05
        while outside is None:
            if self.distance(math.exp(inside + sign * step)) > most:
                outside = inside + sign * step
            elif step > WIDEST:
                return None
            else:
                inside, step = inside + sign * step, 2 * step
        while abs(outside - inside) > FINE:
            middle = (inside + outside) / 2
            if self.distance(math.exp(middle)) > most:
                outside = middle
            else:
                inside = middle
        return math.exp(outside)


def difference(
    candidate: tuple[Array, Array], baseline: tuple[Array, Array], confidence: float
) -> tuple[Known, float | None]:
    """Candidate's share minus baseline's, each given as (hits, totals) by block, with t over the paired blocks; its p value."""
    (hits_a, totals_a), (hits_b, totals_b) = candidate, baseline
    blocks, n = len(totals_a), int(totals_a.sum() + totals_b.sum())
    if blocks < 2 or not totals_a.all() or not totals_b.all():
        return Unknown(FewPairedBlocks(blocks, 2), n, blocks), None
    share_a, moves_a = _moved(hits_a[:, None], totals_a[:, None])
    share_b, moves_b = _moved(hits_b[:, None], totals_b[:, None])
    value = float(share_a[0] - share_b[0])
    least = laws.chi_squared_quantile(0.025, blocks - 1) / (blocks - 1)
    independent = sum(_binomial(float(s[0]), float(t.sum())) for s, t in ((share_a, totals_a), (share_b, totals_b)))
    variance = max(float(((moves_a - moves_b) ** 2).sum()) / (blocks - 1), least * independent * blocks)
    se = math.sqrt(variance / blocks)
    half = laws.t_quantile((1 + confidence) / 2, blocks - 1) * se
    found = Estimate(
        value,
        max(-1.0, value - half),
        min(1.0, value + half),
        confidence,
        n,
        blocks,
        "paired difference of shares, t over blocks",
    )
    return found, laws.t_two_sided(value / se, blocks - 1)


def _binomial(share: float, n: float) -> float:
    """Variance of a share of independent requests; nought seen counts as one."""
    inside = min(max(share, 1 / n), 1 - 1 / n)
    return inside * (1 - inside) / n


def least_noticed(log_se: float, blocks: int, alpha: float, power: float = 0.9) -> float:
    """Shift of the log ratio that a two-sided t test at ``alpha`` notices with ``power``: noncentral t."""
    critical = laws.t_quantile(1 - alpha / 2, blocks - 1)
    low, high = 0.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2
        if laws.noncentral_t(critical, blocks - 1, middle) > 1 - power:
            low = middle
        else:
            high = middle
    return high * log_se
