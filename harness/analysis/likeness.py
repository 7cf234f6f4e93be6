"""How alike requests of one run are: what their whole distribution says, where few lie beyond a limit.

Values become normal scores z of their rank among all; then, by analysis of variance over runs,

    latent = (MSB / var(z) - 1) / (m - 1)        of two requests of one run, m requests a run, and no less than
             2 serial / (1 - serial) / (m - 1)   what follows from neighbours alone, as of an AR(1)
    corr(s) = (P(Z1 > z_s, Z2 > z_s; latent) - s^2) / (s (1 - s))       Gaussian copula, by Owen's T
    excess(s) = (m - 1) corr(s)                  what a share s beyond a limit has over independent requests

A campaign whose runs saw nothing beyond a limit also saw nothing of how such requests
gather; this sees it in all the others. Where requests follow each other (``serial``,
the correlation of neighbours within a run, Kendall's bias taken off) and a run holds
only a few stretches that are independent, as behind a queue, the slow ones gather more
than any Gaussian: then corr(s) = latent. All of this is about limits that such runs may reach: where
each run's own percentile lies so far below the limit that the next one's is predicted to, they say nothing against it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis import special
from harness.analysis.columns import Array

GRID = 512  # values between which ranks are counted
PAIRS = 4096  # of neighbours that are looked at in one run
LEAST, MOST = 8, 0.99  # requests a run, for a correlation of neighbours; of a correlation
FAR = 1.5  # times what a prediction takes: behind a queue levels have longer tails than t
COURSE = 16  # stretches of a run, in which all runs share a course
TINY = 1e-9
FOLLOWS = 0.5  # of neighbours: requests follow each other
STRETCHES = 7  # independent ones in a run; fewer and a run is shorter than what its requests remember


@dataclass(frozen=True)
class Likeness:
    """``latent``: between two requests of one run, on normal scores; ``serial``: between neighbours; ``size``: requests a run."""

    latent: float
    serial: float
    size: float

    @property
    def short(self) -> bool:
        """Whether a run is shorter than what its requests remember."""
        return self.serial > FOLLOWS and self.latent * STRETCHES > 1

    def excess(self, share: float) -> float:
        """How much larger the variance of a share beyond is than that of independent requests, in multiples of it."""
        if self.latent <= 0:
            return 0.0
        return (self.size - 1) * (self.latent if self.short else _together(share, self.latent))


ALONE = Likeness(0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Runs:
    """What all requests of the runs say where few lie beyond a limit.

    ``levels``: the logarithm of each run's own percentile, by the share beyond it; +inf where it failed.
    """

    alike: Likeness
    levels: Callable[[float], Array]
    log_limit: float

    def excess(self, share: float, alpha: float) -> float:
        """Of the variance, as ``Likeness.excess``; nought where the limit is out of reach of such runs."""
        return 0.0 if self.alike.latent <= 0 or self.far(share, alpha) else self.alike.excess(share)

    def far(self, share: float, alpha: float) -> bool:
        """Whether the next run's own percentile is predicted to lie well within the limit, by t over runs at an error ``alpha``."""
        levels = self.levels(share)
        k, mean = len(levels), float(levels.mean())
        if k < 2 or not math.isfinite(mean):
            return False
        away = FAR * float(special.stdtrit(k - 1, 1 - alpha)) * math.sqrt(1 + 1 / k) * float(levels.std(ddof=1))
        return mean + away < self.log_limit


def likeness(blocks: Sequence[Array], ordered: Sequence[Array], everything: Array) -> Likeness:
    """``blocks`` in the order of their requests, ``ordered`` each sorted, ``everything`` sorted; none of them empty."""
    k, n = len(blocks), len(everything)
    if k < 2 or n <= k or everything[0] == everything[-1]:
        return ALONE
    edges = np.unique(everything[np.linspace(0, n - 1, min(GRID, n)).astype(np.int64)])
    scores, counts = _scores(everything, edges)
    rows = np.stack([np.diff(block.searchsorted(edges, "right"), prepend=0) for block in ordered])
    sizes = rows.sum(axis=1)
    variance = float((counts * scores**2).sum()) / n
    between = float((sizes * (rows @ scores / sizes) ** 2).sum()) / (k - 1)
    size = (n - float((sizes.astype(float) ** 2).sum()) / n) / (k - 1)
    if size <= 1:
        return ALONE
    serial = _serial(blocks, edges, scores)
    followed = max(0.0, serial)
    latent = max(between / variance - 1, 2 * followed / (1 - followed)) / (size - 1)
    return Likeness(min(MOST, max(0.0, latent)), serial, size)


def _scores(everything: Array, edges: Array) -> tuple[Array, Array]:
    """Normal score of each stretch between edges, by the middle of its ranks, with mean nought, and how many lie in it."""
    last = everything.searchsorted(edges, "right").astype(np.float64)
    counts = np.diff(last, prepend=0.0)
    scores = special.ndtri((last - counts / 2) / len(everything))
    return scores - float((counts * scores).sum()) / len(everything), counts


def _serial(blocks: Sequence[Array], edges: Array, scores: Array) -> float:
    """Of neighbours within a run, about the run's own mean and the course that all runs share.

    A burst makes every run slow at the same place: that is no memory, and comes back in the next run.
    The bias of the run's own mean, -(1 + 4 rho) / m, is taken off.
    """
    runs = [scores[np.minimum(len(edges) - 1, edges.searchsorted(block[:PAIRS]))] for block in blocks]
    m = sum(map(len, runs)) / len(runs)
    if m <= LEAST:
        return 0.0
    runs = [z - z.mean() for z in runs]
    places = [np.arange(len(z)) * COURSE // len(z) for z in runs]
    where = np.concatenate(places)
    course = np.bincount(where, np.concatenate(runs), COURSE) / np.maximum(1, np.bincount(where, minlength=COURSE))
    runs = [z - course[place] for z, place in zip(runs, places, strict=True)]
    squares = sum(float((z * z).sum()) for z in runs)
    products = sum(float((z[1:] * z[:-1]).sum()) for z in runs)
    return min(MOST, (products / squares * m + 1) / (m - 4)) if squares > TINY * m else 0.0


def _together(share: float, latent: float) -> float:
    """Correlation of two being beyond what a share ``share`` is, of two normals with correlation ``latent``."""
    z = float(special.ndtri(share))
    both = share - 2 * float(special.owens_t(z, math.sqrt((1 - latent) / (1 + latent))))
    return max(0.0, both - share * share) / (share * (1 - share))
