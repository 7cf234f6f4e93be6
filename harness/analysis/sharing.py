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
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

MANY = 10_000.0  # requests in progress, from which the sum has its limit's value to five digits


@dataclass(frozen=True)
class Sharing:
    """``kept_s``: how long an instance is billed after its last answer; infinite where one always was."""

    service_s: float
    at_once: float
    factor: float
    kept_s: float

    def instances(self, rate: float) -> float:
        """Mean number billed at this many requests a second."""
        if rate <= 0:
            return 1.0 if math.isinf(self.kept_s) else 0.0
        in_progress = rate * self.service_s
        empty = math.exp(-in_progress)
        kept = empty * (1.0 if math.isinf(self.kept_s) else -math.expm1(-rate * self.kept_s))
        return max(1 - empty, self.factor * busy(in_progress, self.at_once)) + kept

    def seconds(self, hourly_rates: Sequence[float], hours: float) -> float:
        """Instance seconds of ``hours`` in which the hours of a week have these rates."""
        counted = Counter(hourly_rates)
        mean = sum(self.instances(rate) * n for rate, n in counted.items()) / len(hourly_rates)
        return mean * hours * 3600


def fitted(requests: float, busy_s: float, instance_s: float, seconds: float, at_once: float) -> Sharing | None:
    """What the measured runs say: ``requests`` that were in progress for ``busy_s`` together, in ``seconds``; None without."""
    if min(requests, busy_s, instance_s, seconds) <= 0:
        return None
    rate, service_s, billed = requests / seconds, busy_s / requests, instance_s / seconds
    law = busy(rate * service_s, at_once)
    empty = math.exp(-rate * service_s)
    beyond = billed - law
    if beyond <= 0:
        return Sharing(service_s, at_once, billed / law, 0.0)
    if (empty - beyond) * requests > 1:  # more than a mean gap was not billed: the end of the keeping was seen
        return Sharing(service_s, at_once, 1.0, -math.log1p(-beyond / empty) / rate)
    return Sharing(service_s, at_once, max(1.0, (billed - empty) / law), math.inf)


def busy(in_progress: float, at_once: float) -> float:
    """Mean of ceil(N / c), N Poisson: the fewest instances that hold what is in progress."""
    c = max(1, math.floor(at_once))
    if c == 1:
        return in_progress
    if in_progress > MANY:
        return in_progress / c + (c - 1) / (2 * c)
    most = math.ceil((in_progress + 12 * math.sqrt(in_progress) + 30) / c)
    return float(special.gammainc(np.arange(most) * c + 1, in_progress).sum())  # P(N > m) of each m = k c
