"""Campaigns whose truth is known, drawn by numpy alone: nothing here is shared with what is held to it.

A law draws response times of shape (campaigns, blocks, requests); +inf is a failure. Its
true p95 is that of ten million requests of its own, each of a block of its own, or known in closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy  # its stats are loaded when they are first asked for

WITHIN = 0.5  # log sd of requests within a block
OWN = 0.05  # log sd of blocks where a law says nothing else
COLD_S = 3.0
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Law:
    """``unlike``: blocks differ so much that intervals are known to cover less."""

    name: str
    blocks: str = "normal"  # normal | t2
    spread: float = OWN
    cold: float = 0.0
    failing: float = 0.0
    cv: float = 0.0  # of the share of cold or failing between blocks
    within: str = "independent"  # independent | ar1 | mm1
    unlike: bool = False

    def draw(self, rng: np.random.Generator, shape: Shape, scale: float = 1.0) -> np.ndarray:
        if self.within == "mm1":
            return scale * _mm1(rng, shape)
        size = (*shape[:2], 1)
        shift = self.spread * (rng.standard_t(2, size) if self.blocks == "t2" else rng.normal(size=size))
        noise = _ar1(rng, shape) if self.within == "ar1" else rng.normal(size=shape)
        times = np.exp(shift + WITHIN * noise)
        if share := self.cold or self.failing:
            shape_ = 1 / self.cv**2
            hit = rng.random(shape) < np.minimum(1.0, rng.gamma(shape_, share / shape_, size))
            times = np.where(hit, math.inf if self.failing else times + COLD_S, times)
        return scale * times

    def true_s(self, p: float = 0.95) -> float:
        """The percentile of a request over all blocks; inf where more fail than may lie beyond."""
        return _true(self, p)


def _ar1(rng: np.random.Generator, shape: Shape, rho: float = 0.9) -> np.ndarray:
    out = rng.normal(size=shape)
    for k in range(1, shape[2]):
        out[:, :, k] = rho * out[:, :, k - 1] + math.sqrt(1 - rho * rho) * out[:, :, k]
    return out


def _mm1(rng: np.random.Generator, shape: Shape, load: float = 0.8) -> np.ndarray:
    """Lindley's recursion from the stationary wait; mean service 1 - load, so the mean response is 1."""
    mean = 1 - load
    service = rng.exponential(mean, shape)
    gaps = rng.exponential(mean / load, shape)
    wait = np.where(rng.random(shape[:2]) < load, rng.exponential(1.0, shape[:2]), 0.0)
    out = np.empty(shape)
    for k in range(shape[2]):
        out[:, :, k] = wait + service[:, :, k]
        wait = np.maximum(0.0, out[:, :, k] - gaps[:, :, k])
    return out


@lru_cache(maxsize=64)
def _true(law: Law, p: float) -> float:
    if law.within == "mm1":
        return -math.log(1 - p)
    if law.failing >= 1 - p:
        return math.inf
    rng = np.random.default_rng(20260101)
    # one request a block: the law of a request over all blocks, whatever lies within them
    alone = Law(law.name, law.blocks, law.spread, law.cold, law.failing, law.cv)
    return float(np.quantile(alone.draw(rng, (1, 10_000_000, 1)), p, method="inverted_cdf"))


LAWS = (
    Law("independent", spread=0.0),
    Law("block sd .1", spread=0.1),
    Law("block sd .25", spread=0.25),
    Law("block sd .4", spread=0.4, unlike=True),
    Law("t2 blocks (.1)", "t2", 0.1, unlike=True),
    Law("AR(1) .9", spread=0.0, within="ar1"),
    Law("M/M/1 .8", within="mm1"),
    *(Law(f"{share:g} % cold, cv .5", cold=share / 100, cv=0.5) for share in (1, 4, 5.5, 15)),
    *(Law(f"{share:g} % failing, cv .7", failing=share / 100, cv=0.7) for share in (3, 4, 5, 6)),
)
SIZES = ((6, 50), (12, 50), (6, 600), (12, 600))


def plain_width(beyond: np.ndarray, n: int) -> float:
    """Of the interval of a share: t with the cluster standard error, no narrower than independent requests give it."""
    k, shares = len(beyond), beyond / n
    share = max(float(shares.mean()), 1 / (k * n))
    se = max(float(shares.std(ddof=1)) / math.sqrt(k), math.sqrt(share * (1 - share) / (k * n)))
    return 2 * float(scipy.stats.t.ppf(0.975, k - 1)) * se


def woodruff(blocks: np.ndarray, p: float = 0.95) -> tuple[float, float]:
    """The reference's interval: cluster standard error of F at the sample quantile, inverted; inf where it is open."""
    k, n = blocks.shape
    ordered = np.sort(blocks, axis=None)
    value = ordered[math.ceil(p * k * n - 1e-9) - 1]
    inside = (blocks <= value).sum(axis=1)
    moved = inside - inside.mean()
    se = max(math.sqrt(k / (k - 1) * float((moved**2).sum())) / (k * n), math.sqrt(p * (1 - p) / (k * n)))
    t = float(scipy.stats.t.ppf(0.975, k - 1))

    def at(share: float) -> float:
        rank = math.ceil(share * k * n - 1e-9) - 1
        return float(ordered[max(0, rank)]) if rank < k * n else math.inf

    return at(p - t * se), at(p + t * se)
