"""The figures of one target at other traffic: a month played in many worlds, and where nobody can tell.

The value is the mean of a few plays of the fitted figures; their scatter is what the playing itself leaves. The interval
is nine tenths of the months of worlds that the measurements allow as well, each played once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from harness.analysis.capacity import UTILISATION
from harness.domain.estimate import Estimate, Infinite, Known, Unknown
from harness.domain.reasons import absence
from harness.domain.target import Target
from harness.domain.traffic import HOURS_PER_MONTH
from harness.platforms.scaling import Grows, declared
from harness.predict import support
from harness.predict.billed import Each, month_usd
from harness.predict.drawn import World, central, drawn
from harness.predict.fitted import Fitted
from harness.predict.loads import Level, MonthOf
from harness.predict.played import Month, Play, fleet, play, quantiles
from harness.predict.prediction import CONFIDENCE, AtTraffic, Hour, Predicted, Quantity
from harness.predict.support import Needs
from harness.predict.telling import Costing
from harness.predict.window import Curve, Mode

METHOD = "simulated month, nine tenths of worlds redrawn by block and posterior"
ROUNDING = 1e-9
Step = Callable[[], None]


@dataclass(frozen=True)
class Effort:
    """How many plays: of the figures themselves, of other worlds; how many requests a level has."""

    same: int = 4
    worlds: int = 40
    requests: int = 3000

    @property
    def plays(self) -> int:
        """Of one target at one factor, at most."""
        return self.same + self.worlds + 3


USUAL = Effort()


@dataclass(frozen=True)
class Asked:
    """One target at a traffic; ``sized``: a fixed fleet is as large as the peak wants, as analysis sizes it."""

    target: Target
    fitted: Fitted
    each: Each | None
    traffic: MonthOf
    deadline_s: float = math.inf
    sized: bool = True
    unlike: Mapping[Quantity, tuple[int, int]] = field(default_factory=dict)  # what the fitted worlds do not give again


def predicted(asked: Asked, factor: float, seed: int, effort: Effort = USUAL, step: Step = lambda: None) -> AtTraffic:
    """Every quantity, with its interval or the reason why it cannot be told."""
    fitted, at = asked.fitted, asked.traffic.levels(factor)
    per_s = sum(level.share * level.per_s for level in at)
    if fitted.scaling is None or not fitted.parts:
        return _untold(asked.target.name, factor, per_s, fitted)
    middle = _sized(central(fitted), asked, factor)
    same = [_played(asked, middle, at, effort, [seed, k], step) for k in range(effort.same)]
    rng = np.random.default_rng([seed, 99])
    worlds = [_sized(drawn(fitted, rng), asked, factor) for _ in range(effort.worlds)]
    others = [_played(asked, world, at, effort, [seed, 100 + k], step) for k, world in enumerate(worlds)]
    needs = _needs(asked, middle, at, same, others, effort, seed, step)
    costing = Costing(
        asked.target, max(0.01, same[0].p95_s()) if math.isfinite(same[0].p95_s()) else 1.0, _tokens(asked)
    )
    why = support.refusals(fitted, needs, costing)
    figures = []
    for quantity in Quantity:
        if quantity in why:
            figures.append(Predicted(quantity, Unknown(why[quantity])))
            continue
        values = [_figure(quantity, asked, middle, month) for month in same]
        spread = [_figure(quantity, asked, world, month) for world, month in zip(worlds, others, strict=True)]
        figures.append(_estimate(quantity, values, spread, fitted.answers, fitted.blocks))
    return AtTraffic(asked.target.name, factor, per_s, tuple(figures), tuple(_hours(same, others)))


def _untold(target: str, factor: float, per_s: float, fitted: Fitted) -> AtTraffic:
    """Of a target that did not answer, or of which nobody knows how it grows."""
    why = support.nothing_known()
    found = [Predicted(q, Unknown(absence.NoRequests() if not fitted.parts else why[q])) for q in Quantity]
    return AtTraffic(target, factor, per_s, tuple(found))


def _tokens(asked: Asked) -> tuple[int, int]:
    return asked.each.tokens if asked.each else (0, 0)


def _sized(world: World, asked: Asked, factor: float) -> World:
    """A fixed fleet as large as the peak wants, by the capacity of one; never smaller than it is."""
    scaling = world.scaling
    if scaling.grows is not Grows.FIXED or not asked.sized or world.per_instance_per_s is None:
        return world
    peak = asked.traffic.traffic.peak_per_s * factor
    wanted = max(scaling.least.value, math.ceil(peak / (world.per_instance_per_s * UTILISATION)))
    size = declared(wanted, "as many as the peak wants")
    return replace(world, scaling=replace(scaling, least=size, most=size))


def _played(asked: Asked, world: World, at: Sequence[Level], effort: Effort, seed: Sequence[int], step: Step) -> Month:
    rng = np.random.default_rng(list(seed))
    of = fleet(world, asked.fitted.retry, asked.deadline_s, rng)
    plays = tuple(play(of, level, effort.requests, int(rng.integers(2**31))) for level in at)
    step()
    return Month(plays, world.failing)


def _needs(
    asked: Asked,
    middle: World,
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
        busiest.level.per_s / max(1e-9, _carrying(middle, busiest)),
        sum(level.share * level.per_s for level in at),
        vcpus=_busy_vcpus(middle, busiest),
        unlike=asked.unlike,
    )
    if middle.scaling.grows is Grows.FIXED:
        return needs
    window = asked.fitted.window

    def cold(curve: Curve) -> float:
        return _played(asked, replace(middle, window=curve), at, effort, [seed, 7], step).cold_share

    needs = replace(needs, never=cold(()))
    if window is None or (window.seen_end and window.seen_begin):
        return needs
    shortest, longest = (cold((Mode(1.0, at_s, 0.01),)) for at_s in (window.from_s, window.to_s))
    return replace(needs, shortest=shortest, longest=longest)


def _carrying(world: World, busiest: Play) -> float:
    """Instances that share the requests: all of a fixed fleet, else those with some in hand."""
    fixed = world.scaling.grows is Grows.FIXED
    return busiest.outcome.instances_mean if fixed else busiest.outcome.active_s / busiest.seconds


def _busy_vcpus(world: World, busiest: Play) -> float:
    """Of a machine that all instances share; what starts and answers keep busy beside whatever else runs."""
    shared = world.host
    if shared is None:
        return 0.0
    out = busiest.outcome
    starts_s = out.starts * float(world.start_s.mean()) if len(world.start_s) else 0.0
    return shared.other_vcpus + (shared.answer_vcpus * out.handled_s + starts_s) / busiest.seconds


def _figure(quantity: Quantity, asked: Asked, world: World, month: Month) -> float:
    """Nan where there is none: nothing streams, or nothing is priced."""
    return _READ[quantity](asked, world, month)


def _usd(asked: Asked, world: World, month: Month) -> float:
    if asked.target.prices is None or asked.each is None:
        return math.nan
    of_file = asked.fitted.scaling.least.value if asked.fitted.scaling else 0.0
    return month_usd(asked.target, world.scaling, asked.each, month, of_file)


_READ: Mapping[Quantity, Callable[[Asked, World, Month], float]] = {
    Quantity.P95: lambda _, __, month: month.p95_s(),
    Quantity.TTFT_P95: lambda _, __, month: month.p95_s(first=True),
    Quantity.COLD_SHARE: lambda _, __, month: month.cold_share,
    Quantity.REFUSED_SHARE: lambda _, __, month: month.refused_share,
    Quantity.INSTANCES_MEAN: lambda _, __, month: month.mean,
    Quantity.INSTANCES_MOST: lambda _, __, month: month.most,
    Quantity.INSTANCE_HOURS: lambda _, __, month: month.mean * HOURS_PER_MONTH,
    Quantity.COST: _usd,
}


def _estimate(quantity: Quantity, same: Sequence[float], spread: Sequence[float], n: int, blocks: int) -> Predicted:
    """Worlds in which there is none are left out; more than a twentieth infinite leaves the end open."""
    if any(map(math.isnan, same)):
        none = absence.NoPrices() if quantity is Quantity.COST else absence.NoMetric(quantity.value)
        return Predicted(quantity, Unknown(none))
    every = [v for v in spread if not math.isnan(v)]
    low, high = quantiles([*same, *every])
    if any(map(math.isinf, same)):
        end = None if math.isinf(low) else low
        return Predicted(quantity, Infinite(absence.ManyWouldFail(0.05), n, blocks, end))
    value = float(np.mean(same))
    error = None if len(set(same)) == 1 else float(np.std(same, ddof=1)) / math.sqrt(len(same))
    error = 0.0 if error is None or error < ROUNDING * abs(value) else error
    known: Known = Estimate(
        value, min(low, value), None if math.isinf(high) else max(high, value), CONFIDENCE, n, blocks, METHOD
    )
    return Predicted(quantity, known, error)


def _hours(same: Sequence[Month], others: Sequence[Month]) -> Iterator[Hour]:
    """Each hour of the week, as its level was played; of a trace its own hours."""
    first = same[0].plays[0]
    if first.level.instants_s is not None:
        hourly = first.outcome.hourly
        for hour, (asked, seconds, most) in enumerate(zip(hourly.asked, hourly.instance_s, hourly.most, strict=True)):
            length = min(3600.0, first.seconds - hour * 3600.0)
            mean = float(seconds) / length
            yield Hour(hour, float(asked) / length, mean, None, None, float(most))
        return
    plays = same[0].plays
    for hour in sorted({hour for one in plays for hour in one.level.hours}):
        its = [k for k, one in enumerate(plays) if hour in one.level.hours]
        means = [sum(m.plays[k].level.part * m.plays[k].outcome.instances_mean for k in its) for m in (*same, *others)]
        low, high = quantiles(means)
        mean = float(np.mean(means[: len(same)]))
        most = float(max(m.plays[k].outcome.instances_most for m in same for k in its))
        yield Hour(hour, plays[its[0]].level.per_s, mean, min(low, mean), max(high, mean), most)
