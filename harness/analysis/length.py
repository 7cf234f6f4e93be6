"""How many of a plan's blocks a pilot is expected to take, drawn before there is data under an assumption that is said.

Both targets keep every percentile promise, with a p95 that lies ``ratio`` times below its
limit; answers are lognormal, blocks differ, partly in what both targets see. Each drawn
campaign is judged as a measured one is, at the sealed looks and their error. Comparison
and cost are assumed to be clear by then: where the two are nearly equal, the plan's end
is what to expect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis import laws
from harness.analysis.likeness import Likeness, Runs
from harness.analysis.pooled import Array
from harness.analysis.shares import LEAST_BLOCKS, share_of
from harness.domain.looks import look, looks_of

DRAWS = 400
VARIATION = 0.5  # of answers within a block: their standard deviation over their mean
WITHIN = math.sqrt(math.log1p(VARIATION**2))  # of the logarithm
P, TARGETS = 0.95, 2


@dataclass(frozen=True)
class Length:
    """``blocks`` on average; ``ends``: the share of drawn campaigns that end at each look."""

    ratio: float
    spread: float
    blocks: float
    ends: tuple[tuple[int, float], ...]


def length(planned: int, requests: Sequence[int], ratio: float, spread: float, seed: int) -> Length:
    """``requests`` of a block on one target, one number a judged profile; ``ratio``: limit over true p95.

    ``spread``: deviation of the logarithm between blocks in what both targets see; each by itself has half of it.
    """
    rng = np.random.default_rng(seed)
    counts = looks_of(planned)
    ended = dict.fromkeys(counts, 0)
    for _ in range(DRAWS):
        drawn = [_drawn(rng, planned, n, ratio, spread) for n in requests]
        told = (count for count in counts if count == planned or _kept(drawn, count, planned))
        ended[next(told)] += 1
    blocks = sum(count * n for count, n in ended.items()) / DRAWS
    return Length(ratio, spread, blocks, tuple((count, n / DRAWS) for count, n in ended.items()))


@dataclass(frozen=True)
class Drawn:
    """Of one profile: requests a block; by target and block how many lie beyond, and how much slower the block is."""

    requests: int
    log_limit: float
    beyond: Array
    shift: Array


def _drawn(rng: np.random.Generator, planned: int, n: int, ratio: float, spread: float) -> Drawn:
    within, own = WITHIN, spread / 2
    whole = math.sqrt(within**2 + spread**2 + own**2)
    shift = rng.normal(0, spread, planned) + rng.normal(0, own, (TARGETS, planned))
    log_limit = laws.normal_quantile(P) * whole + math.log(ratio)
    late = laws.normal_above((log_limit - shift) / within)
    return Drawn(n, log_limit, rng.binomial(n, late).astype(float), shift)


def _kept(drawn: Sequence[Drawn], count: int, planned: int) -> bool:
    """Whether every promise of both targets is a PASS at this look."""
    alpha = (1 - look(count, planned).confidence) / 2
    return count >= LEAST_BLOCKS and all(
        share_of(hits[:count], np.full(count, float(made.requests)), _runs(shift[:count], made)).below(1 - P, alpha)
        for made in drawn
        for hits, shift in zip(made.beyond, made.shift, strict=True)
    )


def _runs(shift: Array, made: Drawn) -> Runs:
    """As their requests would show it."""
    between = float(shift.var(ddof=1))
    alike = Likeness(between / (between + WITHIN**2), 0.0, float(made.requests))
    return Runs(alike, lambda share: shift + laws.normal_quantile(1 - share) * WITHIN, made.log_limit)
