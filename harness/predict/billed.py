"""What a played month costs: its usage, by the platform's own bill."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from harness.analysis.dataset import RunData
from harness.analysis.spend import BlockUsage, runtime_usd, usage_of
from harness.domain.own_costs import own_bill
from harness.domain.target import Target
from harness.domain.traffic import HOURS_PER_MONTH, SECONDS_PER_MONTH
from harness.platforms.billing import How
from harness.platforms.pricing import pricing_of
from harness.platforms.scaling import Scaling
from harness.platforms.shared.usage import Usage
from harness.predict.drawn import central
from harness.predict.fitted import Fitted
from harness.predict.played import Month, fleet, play_at


@dataclass(frozen=True)
class Each:
    """Of one measured request that was accepted: what it uses, and how billed time compares with time that is played.

    ``billed``: of requests, over how long clients waited. ``instances``: of instances that requests share, over how long
    they were active when the measured arrivals were played.
    """

    usage: Usage  # of one request
    billed: float = 1.0
    instances: float = 1.0

    @property
    def tokens(self) -> tuple[int, int]:
        """In and out."""
        return round(self.usage.input_tokens), round(self.usage.output_tokens)


def each(blocks: Sequence[BlockUsage]) -> Each | None:
    """None where no request was accepted."""
    if not blocks:
        return None
    whole = usage_of(blocks)
    if not whole.requests:
        return None
    busy_ms = 1000 * sum(b.busy_s for b in blocks)
    told = float(whole.billed_ms) / busy_ms if busy_ms > 0 and whole.billed_ms else 1.0
    return Each(whole.scaled(1 / whole.requests, Decimal(0)), told)


def played_beside(each_one: Each, fitted: Fitted, runs: Sequence[RunData], blocks: Sequence[BlockUsage]) -> Each:
    """With the instance time that was billed laid beside what is played of the same arrivals; as it was where none was billed."""
    told_s = sum(float(b.usage.instance_s) for b in blocks)
    if not told_s or fitted.scaling is None or not fitted.parts:
        return each_one
    rng = np.random.default_rng([len(blocks), 29])
    of, active_s = fleet(central(fitted), fitted.retry, math.inf, rng), 0.0
    for run in runs:
        at = np.sort(np.asarray(run.columns["scheduled_s"], dtype=float))
        from_s = float(np.asarray(run.columns["scheduled_s"], dtype=float)[run.measured].min(initial=at[-1]))
        active_s += play_at(of, [at], float(at[-1]) + 1e-6, from_s, run.block).active_s
    return replace(each_one, instances=told_s / active_s) if active_s > 0 else each_one


def month_usd(target: Target, scaling: Scaling, each_one: Each, month: Month, declared: float) -> float:
    """The runtime's layer, a team's own lines in it; ``declared``: instances that the file's own units stand for."""
    assert target.prices is not None
    pricing = pricing_of(target.prices)
    asked = SECONDS_PER_MONTH * sum(p.level.share * p.level.per_s for p in month.plays)
    accepted = asked * (1 - month.refused_share)
    usage = each_one.usage.scaled(Decimal(str(accepted)), Decimal(HOURS_PER_MONTH))
    starting = month.per_s("starting_s")
    handled_s = month.per_s("handled_s") + (starting if scaling.bills_starts else 0.0)
    active_s = month.per_s("active_s") - (0.0 if scaling.bills_starts else starting)
    idle_s = month.mean - month.per_s("active_s") if scaling.bills_idle else month.per_s("kept_idle_s")
    usage = replace(
        usage,
        billed_ms=_decimal(handled_s * each_one.billed * SECONDS_PER_MONTH * 1000),
        instance_s=_decimal(max(0.0, active_s) * each_one.instances * SECONDS_PER_MONTH),
        idle_s=_decimal(idle_s * SECONDS_PER_MONTH),
    )
    units = pricing.billing.units
    if pricing.billing.how is How.CAPACITY and units is not None and month.mean > 0:
        of_one = 1.0 if units.answers or declared <= 0 else pricing.units / declared
        pricing = pricing.sized(month.mean * of_one)
    return runtime_usd(pricing.bill(usage) + own_bill(target.beside, asked))


def _decimal(value: float) -> Decimal:
    return Decimal(str(round(value, 3)))
