"""Closed forms of the servers' laws, and how far a measured quantile may be from them.

Sources: Gil Tene's stall argument; Erlang's and Lindley's queues as in Kleinrock, Queueing Systems I;
the standard error of a quantile, sqrt(p (1 - p) / n) / f(q), as in Serfling, Approximation Theorems, 2.3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SPREAD = 4.0  # standard errors: a check of a true law fails once in 16,000
QUEUE_DESIGN_EFFECT = (
    8.0  # samples of a queue at rho = 0.5 depend on each other: variance of its p95 and p99, times this
)


@dataclass(frozen=True)
class Stall:
    """Works, then is stuck for the last ``stall_s`` of every ``every_s``; then all that waited go on at once."""

    every_s: float = 4.0
    stall_s: float = 0.6
    service_s: float = 0.005

    def quantile(self, p: float) -> float:
        """Response time from the intended send under evenly spaced arrivals: s0 + max(0, S - (1 - p) T)."""
        return self.service_s + max(0.0, self.stall_s - (1 - p) * self.every_s)


@dataclass(frozen=True)
class Exponential:
    """M/G/inf with exponential service: every answer takes its own time, whatever else is asked."""

    mean_s: float = 0.050

    def quantile(self, p: float) -> float:
        return -self.mean_s * math.log(1 - p)

    def relative_error(self, p: float, n: int) -> float:
        """Standard error of the p-quantile of n independent samples over the quantile itself."""
        return math.sqrt(p / ((1 - p) * n)) / -math.log(1 - p)


@dataclass(frozen=True)
class SingleServer:
    """One server, first come first served, exponential service at ``rate_mu``, arrivals at ``rate_lambda``.

    M/M/1: T ~ Exp(mu - lambda). D/M/1 (``even``): T ~ Exp(mu (1 - sigma)), sigma = exp(-mu (1 - sigma) / lambda).
    """

    rate_lambda: float = 25.0
    rate_mu: float = 50.0
    even: bool = False

    @property
    def sigma(self) -> float:
        """The chance that an arrival finds the server busy."""
        rho = self.rate_lambda / self.rate_mu
        if not self.even:
            return rho
        sigma = rho
        for _ in range(200):
            sigma = math.exp(-(1 - sigma) / rho)
        return sigma

    @property
    def mean_s(self) -> float:
        return 1 / (self.rate_mu * (1 - self.sigma))

    def quantile(self, p: float) -> float:
        return Exponential(self.mean_s).quantile(p)

    def relative_error(self, p: float, n: int) -> float:
        return Exponential(self.mean_s).relative_error(p, n) * math.sqrt(QUEUE_DESIGN_EFFECT)


@dataclass(frozen=True)
class Stream:
    """First token after ``ttft_s``, then one every ``gap_s``."""

    ttft_s: float = 0.200
    gap_s: float = 0.020
    tokens: int = 30
