"""A month of a target of known laws: what is fitted is the law itself, so only playing and billing are left to go wrong."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from harness.analysis import spend
from harness.domain.estimate import Unknown
from harness.domain.reasons import absence
from harness.domain.retry import NO_RETRY
from harness.domain.traffic import SECONDS_PER_MONTH, Traffic
from harness.platforms.scaling import Grows, Picks, Scaling, Waiting, declared
from harness.predict.billed import each
from harness.predict.cost import Cost, cost
from harness.predict.fitted import Fitted
from harness.predict.growth import scaling_of
from harness.predict.loads import MonthOf
from harness.predict.observed import Driven, Parts, Starts
from harness.predict.predict import Asked, Effort, predicted

FREELY = Driven(1e4, 1e4, 10_000, 10_000, None, 0, 1e4, 1e4, 1000)  # nothing is refused for having been seen too little
QUICK = Effort(same=2, worlds=8, requests=600, world_requests=600)
NONE, FREE = declared(0, "true"), declared(math.inf, "true")


def fitted(scaling, took_s, *, start_s=2.0, blocks=4, capacity=None):
    """Answers of ``took_s``, a tenth of each the runtime's own."""
    parts = tuple(
        Parts(k, "steady", 0.1 * t, 0.9 * t, 0.1 * t, 0.2 * t, told=True, failed=0, asked=len(t))
        for k, t in enumerate(np.array_split(np.asarray(took_s, dtype=float), blocks))
    )
    starts = (Starts(0, "coldstart", "traffic", np.full(8, start_s)),)
    return Fitted("alpha", scaling, parts, starts, None, capacity, FREELY, NO_RETRY)


def on_demand(at_once=1, kept_s=60.0):
    kept = declared(kept_s, "true")
    of = (Grows.ON_DEMAND, Picks.RECENT, declared(at_once, "true"), NONE, FREE)
    return Scaling(*of, idle_s=kept, bills_starts=True)


def fixed(count):
    size = declared(count, "true")
    return Scaling(Grows.FIXED, Picks.LEAST, FREE, size, size, waiting=Waiting(FREE, FREE))


def month(
    target, blocks, per_month, took_s=(1.0,) * 400, *, scaling=None, effort=QUICK, capacity=None, peak=None
) -> Cost:
    """As the decision has it, of these blocks."""
    kept, gap = spend.priced(target, blocks)
    one = gap or each([blocks[k] for k in kept]) or Unknown(absence.NoSuccess())
    grows = scaling or scaling_of(target, {}) or on_demand()
    traffic = MonthOf.of_week(Traffic(round(per_month), peak or max(1.0, per_month / SECONDS_PER_MONTH)))
    asked = Asked(target, fitted(grows, took_s, capacity=capacity), one, traffic, cost_at=0.95)
    asked = replace(asked, blocks=tuple(blocks[k] for k in kept))
    return cost(asked, predicted(asked, 1.0, 1, effort), len(blocks))
