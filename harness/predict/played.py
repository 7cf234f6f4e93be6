"""What one run of the simulator comes to, and a month made of its levels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.columns import Array
from harness.predict.loads import Level


@dataclass(frozen=True)
class Play:
    """One level for ``seconds``; response times are inf where refused, first tokens nan of whole answers."""

    level: Level
    seconds: float
    response_s: Array
    first_s: Array
    cold: int
    served: int
    mean: float  # instances
    most: float
    busy_most: float  # of them with a request in progress
    busy_s: float  # of instances with a request in progress, or starting for one
    served_s: float  # of all served requests together, from place to end
    start_s: float  # of the starts among them

    @property
    def asked(self) -> int:
        return len(self.response_s)


@dataclass(frozen=True)
class Month:
    """All levels together, each as much as it is of a month."""

    plays: tuple[Play, ...]

    @property
    def asked(self) -> int:
        return sum(p.asked for p in self.plays)

    @property
    def weights(self) -> list[float]:
        """Of the plays: requests of a month that one of theirs stands for, in proportion."""
        return [p.level.share * p.level.per_s / p.asked for p in self.plays]

    def p95_s(self, *, first: bool = False) -> float:
        """Inf where more were refused than may lie beyond; nan where no answer streams."""
        values, weights = [], []
        for play, weight in zip(self.plays, self.weights, strict=True):
            some = play.first_s if first else play.response_s
            some = some[~np.isnan(some)]
            values.append(some)
            weights.append(np.full(len(some), weight))
        return _quantile(np.concatenate(values), np.concatenate(weights), 0.95)

    @property
    def cold_share(self) -> float:
        """Of those that were served; nan where none was."""
        served = self._sum("served")
        return self._sum("cold") / served if served else math.nan

    @property
    def refused_share(self) -> float:
        return 1 - self._sum("served") / self._sum("asked")

    @property
    def mean(self) -> float:
        """Instances over all hours, those without requests too."""
        return sum(p.level.share * p.mean for p in self.plays)

    @property
    def most(self) -> float:
        return max(p.most for p in self.plays)

    def per_s(self, what: str) -> float:
        """Seconds of something in a second of the month."""
        return sum(p.level.share * float(getattr(p, what)) / p.seconds for p in self.plays)

    def _sum(self, what: str) -> float:
        return sum(w * float(getattr(p, what)) for w, p in zip(self.weights, self.plays, strict=True))


def _quantile(values: Array, weights: Array, p: float) -> float:
    if not len(values):
        return math.nan
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, p * reached[-1] * (1 - 1e-12))])


def quantiles(values: Sequence[float]) -> tuple[float, float]:
    """Five and ninety-five of a hundred; inf stays inf."""
    ordered = sorted(values)
    n = len(ordered)
    return ordered[math.ceil(0.05 * n) - 1], ordered[min(n - 1, math.ceil(0.95 * n) - 1)]
