"""What came of simulated traffic: counts, times that instances existed, and laws of the answers' times in little memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.analysis.columns import Array

SHORTEST_S = 1e-4
ERROR = 0.002  # relative, of a quantile read from the bins
STEP = 2 * math.log1p(ERROR)
BINS = math.ceil(math.log(1e5 / SHORTEST_S) / STEP)  # from a tenth of a millisecond to a day


class Times:
    """Durations counted in bins of equal ratio; failures count as infinite."""

    def __init__(self) -> None:
        self.counts = np.zeros(BINS, dtype=np.int64)
        self.infinite = 0
        self.sum_s = 0.0

    def add(self, values_s: Array) -> None:
        """Finite ones, and infinite ones for failures."""
        finite = values_s[np.isfinite(values_s)]
        self.infinite += len(values_s) - len(finite)
        self.sum_s += float(finite.sum())
        bins = (np.log(np.maximum(finite, SHORTEST_S) / SHORTEST_S) / STEP).astype(np.int64)
        self.counts += np.bincount(np.minimum(bins, BINS - 1), minlength=BINS)

    @property
    def n(self) -> int:
        return int(self.counts.sum()) + self.infinite

    def quantile(self, q: float) -> float:
        """The smallest value that the share ``q`` does not exceed, within 0.2 %; infinite where failures reach it."""
        if not self.n:
            return math.nan
        below = np.cumsum(self.counts)
        k = int(np.searchsorted(below, math.ceil(q * self.n)))
        return math.inf if k >= BINS else SHORTEST_S * math.exp((k + 0.5) * STEP)

    def beyond(self, limit_s: float) -> float:
        """The share above a limit, failures among it."""
        k = math.ceil(math.log(max(limit_s, SHORTEST_S) / SHORTEST_S) / STEP)
        return (int(self.counts[k:].sum()) + self.infinite) / self.n if self.n else math.nan


@dataclass(frozen=True)
class Hourly:
    """One figure an hour since the start of what is counted."""

    asked: Array
    ok: Array
    cold: Array  # answers that waited for a start
    refused: Array
    late: Array  # past the client's deadline
    instance_s: Array  # of all instances that existed
    most: Array  # instances at once


@dataclass(frozen=True)
class Outcome:
    """Of the seconds from ``from_s`` to ``to_s``; a request counts where it was due, and once, however often it was tried."""

    from_s: float
    to_s: float
    hourly: Hourly
    attempts: int
    starts: int
    starting_s: float
    active_s: float  # of instances with something in hand, or starting: what shared platforms bill
    kept_idle_s: float  # of minimum instances: as many as there are fewer active ones than are kept
    handled_s: float  # of requests: what platforms bill that count each
    response: Times
    first_token: Times

    @cached_property
    def asked(self) -> int:
        return int(self.hourly.asked.sum())

    @cached_property
    def ok(self) -> int:
        return int(self.hourly.ok.sum())

    @cached_property
    def cold(self) -> int:
        return int(self.hourly.cold.sum())

    @cached_property
    def refused(self) -> int:
        return int(self.hourly.refused.sum())

    @cached_property
    def late(self) -> int:
        return int(self.hourly.late.sum())

    @cached_property
    def cold_share(self) -> float:
        """Of answers, late ones among them."""
        answered = self.ok + self.late
        return self.cold / answered if answered else math.nan

    @cached_property
    def refused_share(self) -> float:
        return self.refused / self.asked if self.asked else math.nan

    @cached_property
    def instance_s(self) -> float:
        return float(self.hourly.instance_s.sum())

    @cached_property
    def instances_mean(self) -> float:
        return self.instance_s / (self.to_s - self.from_s)

    @cached_property
    def instances_most(self) -> int:
        return int(self.hourly.most.max(initial=0))
