"""What one target costs at a traffic: a month as it was played, and a successful answer of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.spend import BlockUsage, runtime_usd, usage_of
from harness.domain.bill import Bill, CostLayer
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons import absence
from harness.domain.reasons.choice import Modelled
from harness.domain.traffic import SECONDS_PER_MONTH
from harness.platforms.pricing import pricing_of
from harness.predict.billed import stretch
from harness.predict.played import quantiles
from harness.predict.predict import Asked, at_confidence
from harness.predict.prediction import CONFIDENCE, AtTraffic, Quantity


@dataclass(frozen=True)
class Cost:
    """One target's cost at a traffic; every number Unknown with its reason where it cannot be had."""

    target: str
    per_success_usd: Known  # runtime layer, a team's own lines in it
    per_good_usd: Known
    per_month_usd: Known  # runtime layer
    monthly: Bill | None  # every layer
    resting_usd: float | None  # of a month in which nobody asks
    coverage: Reason  # what it rests on, or why there is none
    unlisted: tuple[str, ...] = ()  # models that answered and whose price nobody knows
    with_free_usd: float | None = None  # runtime layer a month, its free tiers taken off


def cost(asked: Asked, at: AtTraffic, measured: int) -> Cost:
    """Of a month that was played; ``measured``: blocks of the traffic that cost is scored at."""
    month, billed, prices = at.of(Quantity.COST).known, at.billed, asked.target.prices
    if not isinstance(month, Estimate) or billed is None or prices is None:
        why = month.reason if isinstance(month, Unknown) and prices is not None else absence.NoPrices()
        unknown = Unknown(why)
        return Cost(at.target, unknown, unknown, unknown, None, None, why)
    pricing, requests = pricing_of(prices), at.per_s * SECONDS_PER_MONTH
    sized: tuple[int, str, float] | tuple[()] = ()
    units = pricing.billing.units
    if units is not None and billed.units is not None and not pricing.by_the_hour and billed.units > pricing.units:
        sized = (round(billed.units), units.name, pricing.units)
    return Cost(
        at.target,
        _per(asked, at, month, requests, lambda b: b.successes),
        _per(asked, at, month, requests, lambda b: b.good),
        month,
        billed.month,
        runtime_usd(billed.resting),
        Modelled(len(asked.blocks), measured, *sized),
        pricing.unlisted(usage_of(asked.blocks)),
        runtime_usd(billed.free),
    )


def _per(asked: Asked, at: AtTraffic, month: Estimate, requests: float, of: Callable[[BlockUsage], int]) -> Known:
    """The month over what it achieves: as many of its answers are good as were measured; where refusals can't be told, those too."""
    blocks, served = asked.blocks, at.served
    if not requests:
        return Unknown(absence.NoRequests())
    if min(sum(map(of, (b for b in blocks if b is not out))) for out in blocks) <= 0:
        return Unknown(absence.NoSuccess())
    played = served is not None and served.played and served.value > 0

    def share(some: Sequence[BlockUsage], answered: float | None) -> float:
        base = sum(b.offered if answered is None else b.successes for b in some)
        return sum(map(of, some)) / base * (1.0 if answered is None else answered) if base else 0.0

    middle = share(blocks, served.value if played and served else None)
    value, wide = month.value / requests / middle, stretch(len(blocks))
    rng, usds = np.random.default_rng([len(blocks), 31]), at.of(Quantity.COST).worlds
    each = served.worlds if played and served else [None] * len(usds)
    found = []
    for usd, answered in zip(usds, each, strict=True):
        achieved = share([blocks[k] for k in rng.integers(len(blocks), size=len(blocks))], answered)
        found.append(usd / requests / (middle * (achieved / middle) ** wide) if achieved > 0 else math.inf)
    low, high = quantiles([value, *found])
    high_end = None if math.isinf(high) else max(high, value)
    made = Estimate(value, min(low, value), high_end, CONFIDENCE, month.n, month.blocks, month.method)
    return at_confidence(made, month.confidence)


def whole_month(cost: Cost) -> Known:
    """Runtime and shared layers together; the shared layer is the same for both and carries no interval of its own."""
    month = cost.per_month_usd
    if isinstance(month, Unknown) or cost.monthly is None:
        return month
    shared = float(cost.monthly.layer_usd(CostLayer.SHARED))
    low, high = (None if end is None else end + shared for end in (month.low, month.high))
    return replace(month, value=month.value + shared, low=low, high=high)
