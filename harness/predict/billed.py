"""What a played month costs: its usage, by the platform's own bill."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal

import numpy as np

from harness.analysis import laws
from harness.analysis.capacity import UTILISATION
from harness.analysis.dataset import RunData
from harness.analysis.keepalive import hour_of
from harness.analysis.spend import BlockUsage, usage_of
from harness.domain.bill import Bill
from harness.domain.estimate import Estimate
from harness.domain.own_costs import own_bill
from harness.domain.target import Target
from harness.domain.traffic import HOURS_PER_MONTH, SECONDS_PER_MONTH
from harness.platforms.billing import How
from harness.platforms.pricing import Pricing
from harness.platforms.scaling import Scaling
from harness.platforms.shared.usage import Usage
from harness.predict.drawn import LEVEL, World, central
from harness.predict.fitted import Fitted
from harness.predict.played import Month, fill, fleet, in_hour, play_at

MOST_BEFORE = 50  # times that a short run is played before it counts


@dataclass(frozen=True)
class Beside:
    """Of one block: seconds that were billed, and those that clients waited or that were played of the same arrivals."""

    billed_s: float = 0.0  # of requests
    busy_s: float = 0.0
    instance_s: float = 0.0
    active_s: float = 0.0


@dataclass(frozen=True)
class Each:
    """Of one measured request that was accepted: what it uses, and how billed time compares with time that is played.

    ``billed``: of requests, over how long clients waited. ``instances``: of instances that requests share, over how long
    they were active when the measured arrivals were played.
    """

    usage: Usage  # of one request
    billed: float = 1.0
    instances: float = 1.0
    blocks: tuple[Beside, ...] = ()

    @property
    def tokens(self) -> tuple[int, int]:
        """In and out."""
        return round(self.usage.input_tokens), round(self.usage.output_tokens)

    def drawn(self, rng: np.random.Generator) -> Each:
        """As other blocks would have it: redrawn with replacement, stretched for how few they are."""
        if len(self.blocks) < 2:
            return self
        some = [self.blocks[k] for k in rng.integers(len(self.blocks), size=len(self.blocks))]
        wide = stretch(len(self.blocks))
        billed, instances = self.billed, self.instances
        if self.billed > 0 and (busy := sum(b.busy_s for b in some)) and (told := sum(b.billed_s for b in some)):
            billed *= (told / busy / self.billed) ** wide
        if (active := sum(b.active_s for b in some)) and (told := sum(b.instance_s for b in some)):
            instances *= (told / active / self.instances) ** wide
        return replace(self, billed=billed, instances=instances)


def stretch(k: int) -> float:
    """As ``drawn`` stretches what is taken from so few blocks."""
    return math.sqrt(k / (k - 1)) * laws.t_quantile(LEVEL, k - 1) / laws.t_quantile(LEVEL, 10_000)


def each(blocks: Sequence[BlockUsage]) -> Each | None:
    """None where no request was accepted."""
    if not blocks:
        return None
    whole = usage_of(blocks)
    if not whole.requests:
        return None
    beside = tuple(Beside(float(b.usage.billed_ms) / 1000, b.busy_s, float(b.usage.instance_s)) for b in blocks)
    busy_s = sum(b.busy_s for b in blocks)
    told = float(whole.billed_ms) / 1000 / busy_s if busy_s > 0 and whole.billed_ms else 1.0
    return Each(whole.scaled(1 / whole.requests, Decimal(0)), told, blocks=beside)


def played_beside(each_one: Each, fitted: Fitted, runs: Sequence[RunData]) -> Each:
    """With the instance time that was billed laid beside what is played of the same arrivals; as it was where none was billed.

    ``runs``: one of each of its blocks, in their order.
    """
    told_s = sum(b.instance_s for b in each_one.blocks)
    if not told_s or fitted.scaling is None or not fitted.parts:
        return each_one
    rng = np.random.default_rng([len(each_one.blocks), 29])
    of, made = fleet(central(fitted), fitted.retry, math.inf, rng), []
    for run, block in zip(runs, each_one.blocks, strict=True):
        due = np.asarray(run.columns["scheduled_s"], dtype=float)
        at, from_s = np.sort(due), float(due[run.measured].min(initial=due.max()))
        period = float(at[-1]) * (1 + 1 / len(at)) + 1e-6
        before = min(MOST_BEFORE, math.ceil(fill(of, len(at) / period) / period))  # it was warm when the run began
        again = np.concatenate([k * period + at for k in range(before + 1)])
        played = play_at(
            in_hour(of, hour_of(run)), [again], float(again[-1]) + 1e-6, before * period + from_s, run.block
        )
        made.append(replace(block, active_s=played.active_s))
    active_s = sum(b.active_s for b in made)
    return replace(each_one, instances=told_s / active_s, blocks=tuple(made)) if active_s > 0 else each_one


@dataclass(frozen=True)
class Used:
    """Of a month: what a bill is made of."""

    asked: float
    accepted: float
    handled_s: float  # of requests, their starts too where those are billed
    active_s: float  # of instances with something in hand
    idle_s: float  # of those that are billed while they serve nothing
    instances: float  # mean
    needed: float | None = None  # units of a fixed capacity that the peak wants; None: it is not sized
    on_kept: float = 1.0  # of the active time, how much is that of instances that are kept on purpose


def used(month: Month, scaling: Scaling, needed: float | None = None) -> Used:
    """By what the platform says of starts and idle instances."""
    asked = SECONDS_PER_MONTH * sum(p.level.share * p.level.per_s for p in month.plays)
    starting, active = month.per_s("starting_s"), month.per_s("active_s")
    handled = month.of_requests("handled_s")
    handled += month.of_requests("starting_s") if scaling.bills_starts else 0.0
    billed = active - (0.0 if scaling.bills_starts else starting)
    idle = month.mean - active if scaling.bills_idle else month.per_s("kept_idle_s")
    handled, billed, idle = (each_s * SECONDS_PER_MONTH for each_s in (handled, max(0.0, billed), max(0.0, idle)))
    accepted = asked * (1 - month.refused_share) if month.asked else 0.0
    on_kept = max(0.0, scaling.least.value - month.per_s("kept_idle_s")) / active if active > 0 else 1.0
    return Used(asked, accepted, handled, billed, idle, month.mean, needed, min(1.0, on_kept))


def resting(scaling: Scaling, needed: float | None = None) -> Used:
    """Of a month in which nobody asks."""
    least = scaling.least.value
    return Used(0.0, 0.0, 0.0, 0.0, least * SECONDS_PER_MONTH, least, needed)


def mean_of(several: Sequence[Used]) -> Used:
    """Of as many plays of one month."""
    names = [f.name for f in fields(Used) if f.name != "needed"]
    return replace(several[0], **{name: sum(getattr(u, name) for u in several) / len(several) for name in names})


def needed_units(pricing: Pricing, fitted: Fitted, world: World, peak_per_s: float, carriers: float) -> float | None:
    """Of a capacity that stands, in units that are not what clients see as instances; None where instances are played as units.

    A unit carries its share of what the whole measured deployment carried, and is planned at ``UTILISATION`` of that.
    """
    units = pricing.billing.units
    if units is None or units.answers or pricing.by_the_hour:
        return None
    found = fitted.capacity.per_s if fitted.capacity is not None else None
    if not isinstance(found, Estimate):
        return pricing.units
    drawn = (
        world.per_instance_per_s * carriers / fitted.processors
        if world.per_instance_per_s and carriers
        else found.value
    )
    return max(pricing.units, float(math.ceil(peak_per_s / (drawn / pricing.units * UTILISATION))))


def month_bill(
    target: Target, pricing: Pricing, each_one: Each, of: Used, in_file: float, *, free: bool = False
) -> Bill:
    """Every layer, a team's own lines in it; ``in_file``: instances that the file's own units stand for."""
    usage = each_one.usage.scaled(_decimal(of.accepted), Decimal(HOURS_PER_MONTH))
    usage = replace(
        usage,
        billed_ms=_decimal(of.handled_s * each_one.billed * 1000),
        instance_s=_decimal(of.active_s * each_one.instances),
        idle_s=_decimal(of.idle_s),
    )
    made = _spilled(_sized(pricing, of, in_file), of).bill(usage, free=free)
    return made + own_bill(target.beside, round(of.asked, 3))


def _spilled(pricing: Pricing, of: Used) -> Pricing:
    """What is kept does as much of the work as was played, where nobody says how much it does."""
    name = pricing.billing.kept_share
    if name is None or name in pricing.terms.model_fields_set:
        return pricing
    return replace(pricing, terms=pricing.terms.model_copy(update={name: Decimal(str(round(of.on_kept, 6)))}))


def _sized(pricing: Pricing, of: Used, in_file: float) -> Pricing:
    """A capacity as large as was played: by its units where those answer by themselves, else in proportion to them."""
    units = pricing.billing.units
    if pricing.billing.how is not How.CAPACITY or units is None or of.instances <= 0:
        return pricing
    if of.needed is not None:
        return pricing.sized(of.needed)
    return pricing.sized(of.instances * (1.0 if units.answers or in_file <= 0 else pricing.units / in_file))


def _decimal(value: float) -> Decimal:
    return Decimal(str(round(value, 3)))
