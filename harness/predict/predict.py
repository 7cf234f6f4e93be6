"""The figures of one target at other traffic: a month played in many worlds, and where nobody can tell.

The value is the mean of a few plays of the fitted figures; their scatter is what the playing itself leaves. The interval
is nine tenths of the months of worlds that the measurements allow as well, each played once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np

from harness.analysis import laws
from harness.analysis.capacity import UTILISATION
from harness.analysis.spend import BlockUsage, runtime_usd
from harness.domain.bill import Bill
from harness.domain.estimate import Estimate, Infinite, Known, Unknown
from harness.domain.reasons import absence, untold
from harness.domain.target import Target
from harness.domain.traffic import HOURS_PER_MONTH
from harness.platforms.pricing import Pricing, pricing_of
from harness.platforms.scaling import Basis, Grows, declared
from harness.predict import support
from harness.predict.billed import Each, Used, mean_of, month_bill, needed_units, resting, used
from harness.predict.drawn import ENDS, World, carriers, central, drawn
from harness.predict.fitted import Fitted
from harness.predict.loads import Level, MonthOf
from harness.predict.played import Month, Play, fleet, play, quantiles
from harness.predict.prediction import CONFIDENCE, AtTraffic, Billed, Hour, Predicted, Quantity, Served
from harness.predict.support import Needs
from harness.predict.telling import Costing
from harness.predict.window import Curve, Mode

METHOD = "simulated month, worlds redrawn by block and posterior"
ROUNDING = 1e-9
USUAL_START_S = (0.1, 1.0, 10.0)  # what a start adds, where none was measured: least, assumed, most
Step = Callable[[], None]


@dataclass(frozen=True)
class Effort:
    """How many plays: of the figures themselves, of other worlds; how many requests a level of each has.

    ``again``: how often each everyday run is replayed, to see whether the fitted worlds give it again.
    """

    same: int = 4
    worlds: int = 40
    requests: int = 2000
    world_requests: int = 800
    again: int = 20

    def at_most(self, other: Effort) -> Effort:
        """The lesser of both, one by one."""
        return Effort(*(min(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)))

    @property
    def plays(self) -> int:
        """Of one target at one factor, at most."""
        return self.same + self.worlds + 3


USUAL = Effort()


@dataclass(frozen=True)
class Asked:
    """One target at a traffic; ``sized``: a fixed fleet is as large as the peak wants, as analysis sizes it.

    ``each``: what one request uses, or why its cost is not known. ``cost_at``: the confidence that cost is judged at.
    ``speeds``: least, assumed and most that an instance is as fast as the measured one.
    """

    target: Target
    fitted: Fitted
    each: Each | Unknown
    traffic: MonthOf
    deadline_s: float = math.inf
    sized: bool = True
    unlike: Mapping[Quantity, tuple[int, int]] = field(default_factory=dict)  # what the fitted worlds do not give again
    cost_at: float = CONFIDENCE
    speeds: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blocks: tuple[BlockUsage, ...] = ()  # that ``each`` is of
    room: tuple[float, str] | None = None  # instances that an account is granted, and by which quota
    in_file: float | None = None  # instances that the units of [prices] stand for; None: as many as are always kept


@dataclass(frozen=True)
class Played:
    """The month that one world of it had; not the world, which holds every answer of its blocks."""

    failing: float  # share of its requests that fail whatever the load
    month: Month
    used: Used
    usd: float  # nan where it has no price


def predicted(
    asked: Asked,
    factor: float,
    seed: int,
    effort: Effort = USUAL,
    step: Step = lambda: None,
    *,
    refuses: bool = True,
) -> AtTraffic:
    """Every quantity, with its interval or the reason why it cannot be told.

    Without ``refuses`` what rests on nothing measured is told as it was played: to compare settings of one target.
    """
    fitted, at = asked.fitted, asked.traffic.levels(factor)
    per_s = sum(level.share * level.per_s for level in at)
    if fitted.scaling is None or not fitted.parts:
        return _untold(asked.target.name, factor, per_s, fitted)
    peak_per_s = asked.traffic.peak_per_s(factor)
    bills = _Bills(asked, peak_per_s)
    middle = _sized(_started(central(fitted), USUAL_START_S[1]), asked, peak_per_s)
    same = [
        bills.played(middle, _play(asked, middle, at, effort.requests, [seed, k], step)) for k in range(effort.same)
    ]
    rng, of_bill = np.random.default_rng([seed, 99]), np.random.default_rng([seed, 98])
    others = []
    for k in range(effort.worlds):
        world = drawn(_as_fast(fitted, asked, of_bill), rng)
        world = _sized(_started(world, float(of_bill.choice(USUAL_START_S, p=ENDS))), asked, peak_per_s)
        month = _play(asked, world, at, effort.world_requests, [seed, 100 + k], step)
        others.append(bills.played(world, month, of_bill))
    months = [p.month for p in same]
    why: support.Refusals = {}
    if refuses:
        needs = _needs(asked, middle, peak_per_s, at, months, [p.month for p in others], effort, seed, step)
        answer_s = max(0.01, months[0].p95_s()) if math.isfinite(months[0].p95_s()) else 1.0
        why = support.refusals(fitted, needs, Costing(asked.target, answer_s, _tokens(asked)))
    figures = tuple(_told(q, asked, bills, same, others, why) for q in Quantity)
    priced = isinstance(next(f for f in figures if f.quantity is Quantity.COST).known, Estimate)
    return AtTraffic(
        asked.target.name,
        factor,
        per_s,
        figures,
        tuple(_hours(months, [p.month for p in others])),
        bills.billed(middle, same) if priced else None,
        _served(same, others, played=Quantity.REFUSED_SHARE not in why),
    )


def at_rest(asked: Asked) -> Billed:
    """A month in which nobody asks, of a target whose cost can be told; nothing is played for it."""
    peak_per_s = asked.traffic.peak_per_s(1.0)
    made = _Bills(asked, peak_per_s).resting(_sized(central(asked.fitted), asked, peak_per_s))
    return Billed(made, made, made)


def _told(
    quantity: Quantity,
    asked: Asked,
    bills: _Bills,
    same: Sequence[Played],
    others: Sequence[Played],
    why: support.Refusals,
) -> Predicted:
    """Of one quantity; the most instances of a month are no fewer than in the stretches that were played, and within a declared limit."""
    fitted = asked.fitted
    if quantity is Quantity.COST and isinstance(asked.each, Unknown):
        return Predicted(quantity, asked.each)
    if quantity in why and not _assumed(quantity, why[quantity]):
        return Predicted(quantity, Unknown(why[quantity]))
    values, spread = ([_READ[quantity](p) for p in some] for some in (same, others))
    if any(map(math.isnan, values)):
        lacking = absence.NoMetric(quantity.value) if all(p.month.asked for p in same) else untold.NothingPlayed()
        return Predicted(quantity, Unknown(lacking))
    made = _estimate(quantity, values, spread, fitted.answers, fitted.blocks)
    known = made.known
    if not isinstance(known, Estimate):
        return made
    if quantity is Quantity.COST:
        priced = min(known.blocks, len(asked.blocks) or known.blocks)
        known = replace(known, value=bills.usd(mean_of([p.used for p in same])), blocks=priced)
        known = at_confidence(known, asked.cost_at)
    if quantity is Quantity.INSTANCES_MOST and fitted.scaling is not None and fitted.scaling.grows is not Grows.FIXED:
        most = fitted.scaling.most
        if most.basis is Basis.DECLARED and math.isfinite(most.value):
            known = replace(known, high=max(most.value, known.value))
        else:
            known = replace(known, high=None, why_open=untold.StretchesPlayed())
    return replace(made, known=known)


def _assumed(quantity: Quantity, why: untold.Untold) -> bool:
    """A cost of which only starts were not measured is told: its interval has any start that is usual."""
    return quantity is Quantity.COST and isinstance(why, untold.StartsUnmeasured)


def _started(world: World, usual_s: float) -> World:
    """Where no start was measured: a usual one."""
    return world if len(world.start_s) else replace(world, start_s=np.full(1, usual_s))


def at_confidence(known: Estimate, confidence: float) -> Estimate:
    """At another level: each end's distance by the ratio, in proportion to Student's t of its blocks."""
    if confidence == known.confidence or known.value <= 0 or known.blocks < 2:
        return known
    was, now = (laws.t_quantile((1 + c) / 2, known.blocks - 1) for c in (known.confidence, confidence))
    low, high = (
        None if end is None else known.value * (max(end, 1e-12) / known.value) ** (now / was)
        for end in (known.low, known.high)
    )
    return replace(known, low=low, high=high, confidence=confidence)


class _Bills:
    """The bill of a month of one target, its prices read once."""

    def __init__(self, asked: Asked, peak_per_s: float) -> None:
        self._asked = asked
        self._peak_per_s = peak_per_s
        self._pricing: Pricing | None = pricing_of(asked.target.prices) if asked.target.prices else None
        kept = asked.fitted.scaling.least.value if asked.fitted.scaling else 0.0
        self._in_file = kept if asked.in_file is None else asked.in_file

    def played(self, world: World, month: Month, rng: np.random.Generator | None = None) -> Played:
        """Priced; with ``rng`` by what one request uses in other blocks."""
        of = used(month, world.scaling, self._needed(world))
        each = self._asked.each
        if isinstance(each, Unknown) or self._pricing is None:
            return Played(world.failing, month, of, math.nan)
        return Played(world.failing, month, of, self.usd(of, each if rng is None else each.drawn(rng)))

    def usd(self, of: Used, each: Each | None = None) -> float:
        """The runtime's layer, a team's own lines in it."""
        return runtime_usd(self._bill(of, each))

    def billed(self, middle: World, same: Sequence[Played]) -> Billed:
        """As lines: the mean month, the same with free tiers, and one in which nobody asks."""
        of = mean_of([p.used for p in same])
        units = self._pricing.billing.units if self._pricing is not None else None
        count = None if units is None else of.needed if of.needed is not None else of.instances
        return Billed(self._bill(of), self._bill(of, free=True), self.resting(middle), count)

    def resting(self, middle: World) -> Bill:
        """Of a month in which nobody asks."""
        return self._bill(resting(middle.scaling, self._needed(middle)))

    def _bill(self, of: Used, each: Each | None = None, *, free: bool = False) -> Bill:
        uses = each or self._asked.each
        assert self._pricing is not None
        assert isinstance(uses, Each)
        return month_bill(self._asked.target, self._pricing, uses, of, self._in_file, free=free)

    def _needed(self, world: World) -> float | None:
        if self._pricing is None or not self._asked.sized:
            return None
        return needed_units(self._pricing, self._asked.fitted, world, self._peak_per_s, carriers(self._asked.fitted))


def _as_fast(fitted: Fitted, asked: Asked, rng: np.random.Generator) -> Fitted:
    """With an instance as fast as somewhere in the range that is assumed."""
    return (
        fitted if asked.speeds[0] == asked.speeds[2] else replace(fitted, processors=rng.choice(asked.speeds, p=ENDS))
    )


def _served(same: Sequence[Played], others: Sequence[Played], *, played: bool) -> Served:
    values, worlds = ([p.month.ok_share * (1 - p.failing) for p in some] for some in (same, others))
    return Served(float(np.mean(values)), tuple(worlds), played)


def _untold(target: str, factor: float, per_s: float, fitted: Fitted) -> AtTraffic:
    """Of a target that did not answer, or of which nobody knows how it grows."""
    why = support.nothing_known()
    silent = absence.NoneSucceeded(fitted.driven.n) if fitted.driven.n else absence.NoRequests()
    found = [Predicted(q, Unknown(why[q] if fitted.parts else silent)) for q in Quantity]
    return AtTraffic(target, factor, per_s, tuple(found))


def _tokens(asked: Asked) -> tuple[int, int]:
    return asked.each.tokens if isinstance(asked.each, Each) else (0, 0)


def _sized(world: World, asked: Asked, peak_per_s: float) -> World:
    """A fixed fleet as large as the peak wants, by the capacity of one; never smaller than it is."""
    scaling = world.scaling
    if scaling.grows is not Grows.FIXED or not asked.sized or world.per_instance_per_s is None:
        return world
    wanted = max(scaling.least.value, math.ceil(peak_per_s / (world.per_instance_per_s * UTILISATION)))
    size = declared(wanted, "as many as the peak wants")
    return replace(world, scaling=replace(scaling, least=size, most=size))


def _play(
    asked: Asked, world: World, at: Sequence[Level], requests: int, seed: Sequence[int], step: Step = lambda: None
) -> Month:
    rng = np.random.default_rng(list(seed))
    of = fleet(world, asked.fitted.retry, asked.deadline_s, rng)
    plays = tuple(play(of, level, requests, int(rng.integers(2**31))) for level in at)
    step()
    return Month(plays, world.failing)


def _needs(
    asked: Asked,
    middle: World,
    peak_per_s: float,
    at: Sequence[Level],
    same: Sequence[Month],
    others: Sequence[Month],
    effort: Effort,
    seed: int,
    step: Step,
) -> Needs:
    every = [*same, *others]
    busiest = max(same[0].plays, key=lambda p: p.level.per_s)
    needs = Needs(
        same[0],
        quantiles([m.most for m in every])[1],
        quantiles([c for m in every if not math.isnan(c := m.cold_share)] or [0.0])[1],
        _carried_per_s(middle, busiest, peak_per_s),
        sum(level.share * level.per_s for level in at),
        vcpus=_busy_vcpus(middle, busiest),
        unlike=asked.unlike,
        sized=asked.sized,
        size=middle.scaling.least.value,
        room=asked.room,
    )
    if middle.scaling.grows is Grows.FIXED:
        return needs
    window = asked.fitted.window

    def cold(curve: Curve) -> float:
        return _play(asked, replace(middle, window=curve), at, effort.world_requests, [seed, 7], step).cold_share

    needs = replace(needs, never=cold(()))
    if window is None or (window.seen_end and window.seen_begin):
        return needs
    shortest, longest = (cold((Mode(1.0, at_s, 0.01),)) for at_s in (window.from_s, window.to_s))
    return replace(needs, shortest=shortest, longest=longest)


def _carried_per_s(world: World, busiest: Play, peak_per_s: float) -> float:
    """Of one instance: of a fixed fleet all share the rate; else what came while they had some in hand, as it came.

    Of a trace its fullest minute is meant, where no search says what makes answers wait in it.
    """
    of, level = busiest.outcome, busiest.level
    if world.scaling.grows is Grows.FIXED:
        bursts = level.instants_s is not None and world.per_instance_per_s is None
        return (peak_per_s if bursts else level.per_s) / max(1e-9, of.instances_mean)
    return of.asked / max(1e-9, of.active_s)


def _busy_vcpus(world: World, busiest: Play) -> float:
    """Of a machine that all instances share; what starts and answers keep busy beside whatever else runs."""
    shared = world.host
    if shared is None:
        return 0.0
    out = busiest.outcome
    starts_s = out.starts * float(world.start_s.mean()) if len(world.start_s) else 0.0
    return shared.other_vcpus + (shared.answer_vcpus * out.handled_s + starts_s) / busiest.seconds


_READ: Mapping[Quantity, Callable[[Played], float]] = {  # nan where there is none: nothing streams
    Quantity.P95: lambda p: p.month.p95_s(),
    Quantity.TTFT_P95: lambda p: p.month.p95_s(first=True),
    Quantity.COLD_SHARE: lambda p: p.month.cold_share,
    Quantity.REFUSED_SHARE: lambda p: p.month.refused_share,
    Quantity.INSTANCES_MEAN: lambda p: p.month.mean,
    Quantity.INSTANCES_MOST: lambda p: p.month.most,
    Quantity.INSTANCE_HOURS: lambda p: p.month.mean * HOURS_PER_MONTH,
    Quantity.COST: lambda p: p.usd,
}


def _estimate(quantity: Quantity, same: Sequence[float], spread: Sequence[float], n: int, blocks: int) -> Predicted:
    """Worlds in which there is none are left out; more than a twentieth infinite leaves the end open."""
    every = [v for v in spread if not math.isnan(v)]
    low, high = quantiles([*same, *every])
    if any(map(math.isinf, same)):
        end = None if math.isinf(low) else low
        return Predicted(quantity, Infinite(absence.ManyWouldFail(0.05), n, blocks, end), worlds=tuple(spread))
    value = float(np.mean(same))
    error = None if len(set(same)) == 1 else float(np.std(same, ddof=1)) / math.sqrt(len(same))
    error = 0.0 if error is None or error < ROUNDING * abs(value) else error
    known: Known = Estimate(
        value, min(low, value), None if math.isinf(high) else max(high, value), CONFIDENCE, n, blocks, METHOD
    )
    return Predicted(quantity, known, error, tuple(spread))


def _hours(same: Sequence[Month], others: Sequence[Month]) -> Iterator[Hour]:
    """Each hour of the week, as its level was played; of a trace its own hours."""
    first = same[0].plays[0]
    if first.level.instants_s is not None:
        hourly = first.outcome.hourly
        for hour, (asked, seconds, most) in enumerate(zip(hourly.asked, hourly.instance_s, hourly.most, strict=True)):
            length = min(3600.0, first.seconds - hour * 3600.0)
            mean = float(seconds) / length
            yield Hour(first.first_hour + hour, float(asked) / length, mean, None, None, float(most))
        return
    plays = same[0].plays
    for hour in sorted({hour for one in plays for hour in one.level.hours}):
        its = [k for k, one in enumerate(plays) if hour in one.level.hours]
        means = [sum(m.plays[k].level.part * m.plays[k].outcome.instances_mean for k in its) for m in (*same, *others)]
        low, high = quantiles(means)
        mean = float(np.mean(means[: len(same)]))
        most = float(max(m.plays[k].outcome.instances_most for m in same for k in its))
        yield Hour(hour, plays[its[0]].level.per_s, mean, min(low, mean), max(high, mean), most)
