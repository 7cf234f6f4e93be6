"""The share of cold answers at the sealed traffic, where a window was probed: what a report says of every pilot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.dataset import RunData
from harness.analysis.keepalive import KeptWindow
from harness.domain.retry import NO_RETRY
from harness.platforms.scaling import NOT_LIMITED, Grows, Picks, Scaling, assumed, declared
from harness.predict import observed
from harness.predict.drawn import World, central, drawn
from harness.predict.fitted import Fitted
from harness.predict.loads import MonthOf
from harness.predict.played import TRACED, Month, fleet, play, quantiles
from harness.predict.window import window

SAME, SAME_REQUESTS = 4, 10_000
WORLDS, WORLD_REQUESTS = 20, 4_000


@dataclass(frozen=True)
class ColdAt:
    """The share and the ends of nine tenths of the worlds that the probes and blocks allow; ``answers`` they rest on."""

    share: float
    low: float
    high: float
    answers: int


def cold_at(
    kept: KeptWindow, runs: Sequence[RunData], scaling: Scaling | None, month: MonthOf, seed: int
) -> ColdAt | None:
    """None without probes, or answers to play with. Nothing limits the fleet: a refused request is neither warm nor cold."""
    rng = np.random.default_rng([seed, 41])
    parts = tuple(p for run in runs if (p := observed.parts(run)) is not None)
    probed = window(kept, rng)
    if probed is None or not parts:
        return None
    starts = tuple(s for run in runs for s in observed.starts(run))
    made = Fitted(kept.target, _ending(scaling), parts, starts, probed, None, observed.driven(runs), NO_RETRY)
    every = month.levels(1.0)
    each = len(every) if month.instants_s is None else TRACED

    def share(world: World, requests: int) -> float:
        of = fleet(world, NO_RETRY, math.inf, rng)
        return Month(tuple(play(of, level, requests // each, int(rng.integers(2**31))) for level in every)).cold_share

    value = float(np.mean([share(central(made), SAME_REQUESTS) for _ in range(SAME)]))
    low, high = quantiles([share(drawn(made, rng), WORLD_REQUESTS) for _ in range(WORLDS)])
    return ColdAt(value, min(low, value), max(high, value), made.answers)


def _ending(scaling: Scaling | None) -> Scaling:
    """What a search saw end does not stay: a fleet that is said to be fixed, or of which nothing is known, starts on demand."""
    if scaling is None or scaling.grows is Grows.FIXED:
        nothing = declared(0, "a keep-alive search saw it end")
        one = assumed(1, 1, 1, "nobody says how many requests an instance holds")
        return Scaling(Grows.ON_DEMAND, Picks.RECENT, one, nothing, NOT_LIMITED)
    return replace(scaling, grows=Grows.ON_DEMAND, scaler=None, most=NOT_LIMITED, starts_at_once=NOT_LIMITED)
