"""Where a limit may lie, from steps that each say kept, broken or unclear: a posterior on ln(limit).

Probabilistic bisection (Waeber, Frazier and Henderson 2013) with the chance of a
wrong step left open: a step at rate r against a limit L is a draw of

    P(broken) = lapse + (1 - 2 lapse) Phi(z - UNCLEAR),   P(kept) = lapse + (1 - 2 lapse) Phi(-z - UNCLEAR),
    z = (ln r - ln L)/w - EMPTY

and unclear is the rest. A step starts with an empty target, and near its limit the
long run is made worse by rare bad stretches, so that a step at the limit itself looks
kept more often than broken: ``EMPTY`` (calibrated, see docs/method.md). The softness w is not known and is averaged over ``SOFTNESS``.
Half of the prior says that there is no limit within reach, so that a limit has to be
shown; the rest is even in ln(limit).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

LAPSE = 0.04  # steps that say the contrary of the truth, however far from it
SOFTNESS = (0.04, 0.08, 0.16)
UNCLEAR = 0.5  # half the width, in w, of what a step calls unclear
POINTS = 240
EMPTY = 0.75
NO_LIMIT = 0.5
UPPER = 0.9
BELOW = 0.02  # prior share for a limit under the lowest rate that is asked for
CENTRAL = 0.95


class StepVerdict(StrEnum):
    """What one step says of its rate."""

    KEPT = "kept"
    BROKEN = "broken"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Reach:
    """The rates between which a limit is looked for, requests a second."""

    least: float
    most: float


class Belief:
    """The posterior after some steps; quantiles are None where they lie beyond the reach."""

    def __init__(self, reach: Reach, steps: Iterable[tuple[float, StepVerdict]] = ()) -> None:
        low, high = math.log(reach.least), math.log(reach.most)
        self._reach = reach
        self._logs = [low + (high - low) * (k + 0.5) / POINTS for k in range(POINTS)]
        inside = (1 - NO_LIMIT - BELOW) / POINTS
        prior = [BELOW, *[inside] * POINTS, NO_LIMIT]
        self._weights = {w: [p / len(SOFTNESS) for p in prior] for w in SOFTNESS}
        for rate, verdict in steps:
            self.add(rate, verdict)

    def add(self, rate: float, verdict: StepVerdict) -> None:
        """One step more."""
        at = math.log(rate)
        limits = [-math.inf, *self._logs, math.inf]
        for w, weights in self._weights.items():
            self._weights[w] = [p * _chance(verdict, at - x, w) for p, x in zip(weights, limits, strict=True)]
        whole = math.fsum(map(math.fsum, self._weights.values()))
        self._weights = {w: [p / whole for p in weights] for w, weights in self._weights.items()}

    @property
    def _share(self) -> list[float]:
        return [math.fsum(parts) for parts in zip(*self._weights.values(), strict=True)]

    @property
    def above(self) -> float:
        """How likely it is that there is no limit within reach."""
        return self._share[-1]

    @property
    def below(self) -> float:
        """How likely it is that even the least rate is beyond it."""
        return self._share[0]

    @property
    def open(self) -> float:
        """How far apart in ln(rate) a limit within reach may lie, were there one: the width of its ``CENTRAL`` interval."""
        inside = self._share[1:-1]
        whole, sums = math.fsum(inside), list(accumulate(inside))
        tail = (1 - CENTRAL) / 2
        first, last = (next(k for k, total in enumerate(sums) if total >= p * whole) for p in (tail, 1 - tail))
        return self._logs[last] - self._logs[first]

    def quantile(self, p: float) -> float | None:
        """The rate below which the limit lies with probability ``p``."""
        sums = list(accumulate(self._share))
        k = next(k for k, total in enumerate(sums) if total >= p - 1e-12)
        return None if k in (0, len(sums) - 1) else math.exp(self._logs[k - 1])

    def interval(self) -> tuple[float | None, float | None]:
        """Central, of ``CENTRAL``."""
        return self.quantile((1 - CENTRAL) / 2), self.quantile((1 + CENTRAL) / 2)

    def next(self) -> float:
        """The rate to ask for: the median, at the reach's end where it lies beyond.

        While it is still likely enough that there is no limit within reach, the upper end
        of where it would lie: whether what broke there breaks again is then the question.
        """
        if self.quantile(0.5) is not None:
            open_end = self.above > (1 - CENTRAL) / 2
            found = self.quantile(UPPER * (1 - self.above) if open_end else 0.5)
            assert found is not None
            return found
        return self._reach.most if self.above > self.below else self._reach.least


def _chance(verdict: StepVerdict, beyond: float, w: float) -> float:
    """Of one step's verdict at a rate that is ``beyond`` the limit, in logarithms."""
    if math.isinf(beyond):
        broken, kept = (1 - LAPSE, LAPSE) if beyond > 0 else (LAPSE, 1 - LAPSE)
        unclear = LAPSE
    else:
        z = beyond / w - EMPTY
        broken = LAPSE + (1 - 2 * LAPSE) * _normal(z - UNCLEAR)
        kept = LAPSE + (1 - 2 * LAPSE) * _normal(-z - UNCLEAR)
        unclear = max(LAPSE, 1 - broken - kept)
    return {StepVerdict.BROKEN: broken, StepVerdict.KEPT: kept, StepVerdict.UNCLEAR: unclear}[verdict]


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))
