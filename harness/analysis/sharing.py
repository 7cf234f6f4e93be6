"""Instance time at other traffic, where requests that meet share an instance: not a straight line.

At a steady rate with Poisson arrivals the requests in progress are Poisson with mean
``a`` = rate x service time, whatever the law of the service time, and a gap without any
is exponential with the rate (the M/G/infinity queue: Takacs, Introduction to the Theory
of Queues, 1962, ch. 3). Of N in progress, instances that take c at once need at least
ceil(N / c), whose mean is the sum over k of P(N > k c). An instance that is kept for a
while after the last answer is billed for 1 - exp(-rate x kept) of the empty time.

What was measured sets the rest: instance time beyond the law's is first time that an
instance was kept, then, where more than one was kept, a factor on all of them; less
than the law's (arrivals more even than Poisson's) is a factor below one. Never less
than the share of time with a request in progress: some instance then works.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis import special
from harness.analysis.columns import Array

LEFT = 20.0  # powers of e by which the remainder of N / c is then as likely to be one number as another


@dataclass(frozen=True)
class Sharing:
    """``kept_s``: how long an instance is billed after its last answer; infinite where one always was."""

    service_s: float
    at_once: float
    factor: float
    kept_s: float

    def instances(self, rates: Sequence[float] | Array) -> Array:
        """Mean number billed at each of these rates, in requests a second."""
        rate = np.asarray(rates, dtype=float)
        in_progress = rate * self.service_s
        empty = np.exp(-in_progress)
        kept = empty * (1.0 if math.isinf(self.kept_s) else -np.expm1(-rate * self.kept_s))
        found: Array = np.maximum(1 - empty, self.factor * busy(in_progress, self.at_once)) + kept
        return found

    def seconds(self, hourly_rates: Sequence[float], hours: float) -> float:
        """Instance seconds of ``hours`` in which the hours of a week have these rates."""
        rates, count = np.unique(hourly_rates, return_counts=True)
        return float(np.average(self.instances(rates), weights=count)) * hours * 3600


def fitted(requests: float, busy_s: float, instance_s: float, seconds: float, at_once: float) -> Sharing | None:
    """What the measured runs say: ``requests`` that were in progress for ``busy_s`` together, in ``seconds``; None without."""
    if min(requests, busy_s, instance_s, seconds) <= 0:
        return None
    rate, service_s, billed = requests / seconds, busy_s / requests, instance_s / seconds
    law = float(busy(np.array([rate * service_s]), at_once)[0])
    empty = math.exp(-rate * service_s)
    beyond = billed - law
    if beyond <= 0:
        return Sharing(service_s, at_once, billed / law, 0.0)
    if (empty - beyond) * requests > 1:  # more than a mean gap was not billed: the end of the keeping was seen
        return Sharing(service_s, at_once, 1.0, -math.log1p(-beyond / empty) / rate)
    return Sharing(service_s, at_once, max(1.0, (billed - empty) / law), math.inf)


def busy(in_progress: Array, at_once: float) -> Array:
    """Mean of ceil(N / c), N Poisson of each of these means: the fewest instances that hold what is in progress.

    Of many in progress any remainder of N / c is as likely as another, and the mean has a closed form.
    """
    c = max(1, math.floor(at_once))
    found: Array = in_progress / c + (c - 1) / (2 * c)
    if c == 1:
        return found
    few = in_progress * 2 * math.sin(math.pi / c) ** 2 < LEFT
    if few.any():
        largest = float(in_progress[few].max())
        most = math.ceil((largest + 12 * math.sqrt(largest) + 30) / c)
        more_than = np.arange(most) * c + 1  # P(N > m) of each m = k c
        found[few] = special.gammainc(more_than, in_progress[few][:, None]).sum(axis=1)
    return found
