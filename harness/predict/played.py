"""A world as the simulator takes it, one level played, and a month made of its levels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from harness.analysis.columns import Array
from harness.domain.retry import RetryPolicy
from harness.platforms.scaling import Grows, Scaling
from harness.predict import arrivals
from harness.predict.arrivals import Arrivals
from harness.predict.drawn import World
from harness.predict.fleet import Autoscaler, Fleet, IdleLaw, Queue
from harness.predict.loads import HOUR_S, Level
from harness.predict.outcome import BINS, SHORTEST_S, STEP, Outcome, Times
from harness.predict.simulate import simulate
from harness.predict.window import Curve

WINDOWS = 256  # values that a curve is drawn as
UNBOUNDED = 100_000  # requests that an instance holds where nobody limits them
UNTOLD_S = 1e-6  # a start that nobody measured still counts as one
LEAST_FILL_S = 20.0
MANY = 1000  # requests, after which the instances that a steady rate needs are there
LONG = 0.95  # of idle windows: what began before as long a time is gone, or would have been there anyway
TRACED = 20  # times as many requests of a trace, whose bursts are few
DAY_S = 86_400.0
FEW = 50  # requests, of which a play may have much fewer by chance
QUICKLY = 0.5  # of that time: then starts take as long as they take
FILLS = 5.0  # windows, or answer times, until a fleet is where its traffic puts it


def fleet(world: World, retry: RetryPolicy, deadline_s: float, rng: np.random.Generator) -> Fleet:
    """With its windows drawn from their curve; of an autoscaler the rule, of a fixed one its size."""
    scaling, mean_start = world.scaling, float(world.start_s.mean()) if len(world.start_s) else 0.0
    waiting = scaling.waiting
    fixed = scaling.grows is Grows.FIXED
    least = round(scaling.least.value)
    return Fleet(
        grows=scaling.grows,
        service=world.served,
        at_once=UNBOUNDED if math.isinf(scaling.at_once.value) else max(1, round(scaling.at_once.value)),
        least=least,
        most=float(least) if fixed else scaling.most.value,
        picks=scaling.picks,
        queue=Queue(waiting.places.value, max(waiting.most_s.value, waiting.starts * mean_start)),
        start_s=world.start_s if len(world.start_s) else np.full(1, UNTOLD_S),
        idle=_idle(world.window, rng),
        scaler=_scaler(scaling),
        starts_at_once=scaling.starts_at_once.value,
        starts_per_s=scaling.starts_per_s.value,
        vcpus=max(1, round(scaling.vcpus.value)),
        per_instance_per_s=world.computed_per_s,
        retry=retry,
        deadline_s=deadline_s,
        host=world.host,
    )


def _scaler(scaling: Scaling) -> Autoscaler | None:
    said = scaling.scaler
    if said is None:
        return None
    share, window_s, every_s = said.share.value, said.window_s.value, said.every_s.value
    return Autoscaler(share, window_s, every_s, said.lag_s.value, said.down_s.value, at_need=said.at_need)


def _idle(curve: Curve, rng: np.random.Generator) -> IdleLaw:
    """Windows as often as the curve has them; by the hour where it changes with it, the nearest part's elsewhere."""
    if not curve:
        return IdleLaw(np.zeros(0))
    if curve[0].hours is None:
        shares = np.array([m.share for m in curve])
        chosen = rng.choice(len(curve), size=WINDOWS, p=shares / shares.sum())
        middle, spread = (np.array([getattr(m, name) for m in curve])[chosen] for name in ("middle_s", "spread"))
        return IdleLaw(middle * np.exp(spread * rng.standard_normal(WINDOWS)))
    parts = [m.middle_s * np.exp(m.spread * rng.standard_normal(WINDOWS)) for m in curve]

    return IdleLaw(np.concatenate(parts), tuple(parts[_nearest(curve, hour)] for hour in range(24)))


def _nearest(curve: Curve, hour: int) -> int:
    """Which part of the day an hour belongs to, or lies next to."""
    away = [abs(hour + 0.5 - sum(mode.hours or (0, 24)) / 2) for mode in curve]
    return int(np.argmin([min(d, 24 - d) for d in away]))


@dataclass(frozen=True)
class Play:
    """What came of one level."""

    level: Level
    outcome: Outcome
    first_hour: int = 0  # of a trace, with which what is played of it begins

    @property
    def seconds(self) -> float:
        return self.outcome.to_s - self.outcome.from_s


def play(of: Fleet, level: Level, requests: int, seed: int) -> Play:
    """Poisson arrivals at the level's rate, after as long as the fleet takes to fill; a trace as it is, or a stretch of it.

    The beginning of an hour comes after as long at the rate of the hour before. Windows are those of the level's hours,
    whenever in the play they come; of a trace those of all hours, for it does not say which it begins in.
    """
    of = _in_hours(of, level.hours)
    if level.instants_s is not None:
        return _traced(of, level, level.instants_s, TRACED * requests, seed)
    fill_s = fill(of, level.per_s)
    if level.before_per_s is None and level.per_s:
        length_s = fill_s + requests / level.per_s
        due: Arrivals = arrivals.poisson(level.per_s, length_s, seed)
    else:
        length_s = fill_s + level.lasts_s
        due = _begins(level, fill_s, seed)
    return Play(level, simulate(of, due, length_s, seed=seed, warm_s=fill_s, quick_s=fill_s * QUICKLY))


def _in_hours(of: Fleet, hours: Sequence[int]) -> Fleet:
    if not of.idle.by_hour:
        return of
    return replace(of, idle=IdleLaw(np.concatenate([of.idle.at(hour) for hour in hours])))


def in_hour(of: Fleet, hour: float | None) -> Fleet:
    """As it is in this hour of the day, UTC; in all of them where nobody says which."""
    return _in_hours(of, range(24) if hour is None else [int(hour)])


def _begins(level: Level, from_s: float, seed: int) -> Iterator[Array]:
    """After as long at the rate before."""
    yield from arrivals.poisson(level.before_per_s or 0.0, from_s, seed)
    yield from (from_s + at for at in arrivals.poisson(level.per_s, level.lasts_s, seed + 1))


def _traced(of: Fleet, level: Level, instants_s: Array, most: int, seed: int) -> Play:
    """A long one from a place of its own each time; its last part fills the fleet before its first counts."""
    whole, rng = level.length_s, np.random.default_rng([seed, 11])
    kept_s = min(whole, most / level.per_s)
    fill_s = min(fill(of), whole / 2)
    from_s = float(rng.uniform(0, whole)) if kept_s < whole else 0.0
    first_hour = int(from_s / HOUR_S)
    if whole > DAY_S:
        from_s = first_hour * HOUR_S
    begin_s = from_s - fill_s
    its = arrivals.trace(instants_s, whole, level.times, seed, begin_s, from_s + kept_s)  # it goes on and on
    due = (part - begin_s for part in its)
    return Play(level, simulate(of, due, fill_s + kept_s, seed=seed, warm_s=fill_s), first_hour)


def play_at(of: Fleet, due: Arrivals, length_s: float, warm_s: float, seed: int) -> Outcome:
    """The arrivals as they are."""
    return simulate(of, due, length_s, seed=seed, warm_s=warm_s)


def fill(of: Fleet, per_s: float = 0.0) -> float:
    """Seconds until it no longer matters how a fleet began: a window's length, or where many are asked so many requests."""
    kept = float(np.quantile(of.idle.values_s, LONG)) if len(of.idle.values_s) else 0.0
    kept = min(kept, MANY / per_s) if per_s else kept
    scaled = of.scaler.window_s + of.scaler.down_s if of.scaler else 0.0
    answer = float((of.service.runtime_s + of.service.model_s).mean())
    return max(LEAST_FILL_S, FILLS * answer, kept, 2 * scaled)


@dataclass(frozen=True)
class Month:
    """All levels together, each as much as it is of a month."""

    plays: tuple[Play, ...]
    failing: float = 0.0  # share that fails beside what is refused

    @cached_property
    def asked(self) -> int:
        return sum(p.outcome.asked for p in self.plays)

    @cached_property
    def weights(self) -> list[float]:
        """Of the plays: requests of a month that one of theirs stands for, in proportion.

        As many as each has in fact are taken to be as many as it should have; those that should have few are taken
        together, for some have none by chance, and the others would not stand for them.
        """
        mine = [p.level.share * p.level.per_s for p in self.plays]
        few = [p.level.per_s * p.seconds < FEW for p in self.plays]
        each = [p.level.share / p.seconds for p in self.plays]
        wanted = sum(w for w, is_few in zip(mine, few, strict=True) if is_few)
        came = sum(w * p.outcome.asked for w, p, is_few in zip(each, self.plays, few, strict=True) if is_few)
        together = wanted / came if came else 0.0
        return [
            one * together if is_few else whole / max(1, p.outcome.asked)
            for one, whole, p, is_few in zip(each, mine, self.plays, few, strict=True)
        ]

    def p95_s(self, *, first: bool = False) -> float:
        """Inf where more were refused than may lie beyond; nan where no answer streams."""
        laws = [p.outcome.first_token if first else p.outcome.response for p in self.plays]
        return mixed(laws, self.weights, 0.95 / (1 - self.failing)) if self.failing < 1 else math.inf

    @cached_property
    def cold_share(self) -> float:
        """Of those that were answered; nan where none was."""
        answered = self._sum("ok") + self._sum("late")
        return self._sum("cold") / answered if answered else math.nan

    @cached_property
    def refused_share(self) -> float:
        """Nan where nobody asked, as in a few seconds of quiet traffic."""
        return self._sum("refused") / self._sum("asked") if self.asked else math.nan

    @cached_property
    def ok_share(self) -> float:
        """Neither refused nor past the client's deadline; nan where nobody asked."""
        return self._sum("ok") / self._sum("asked") if self.asked else math.nan

    @cached_property
    def mean(self) -> float:
        """Instances over all hours."""
        return sum(p.level.share * p.outcome.instances_mean for p in self.plays)

    @cached_property
    def most(self) -> float:
        return float(max(p.outcome.instances_most for p in self.plays))

    def per_s(self, what: str) -> float:
        """Seconds of something in a second of the month."""
        return sum(p.level.share * float(getattr(p.outcome, what)) / p.seconds for p in self.plays)

    def of_requests(self, what: str) -> float:
        """Of what each request makes, in a second of the month: free of how many came by chance."""
        return self._sum(what)

    def _sum(self, what: str) -> float:
        return sum(w * float(getattr(p.outcome, what)) for w, p in zip(self.weights, self.plays, strict=True))


def mixed(laws: Sequence[Times], weights: Sequence[float], q: float) -> float:
    """A quantile of several laws together, each with its weight; within 0.2 %."""
    counts: Array = sum((w * law.counts for w, law in zip(weights, laws, strict=True)), np.zeros(BINS))
    whole = float(counts.sum()) + sum(w * law.infinite for w, law in zip(weights, laws, strict=True))
    if whole <= 0:
        return math.nan
    k = int(np.searchsorted(np.cumsum(counts), q * whole * (1 - 1e-12))) if q <= 1 else BINS
    return math.inf if k >= BINS else SHORTEST_S * math.exp((k + 0.5) * STEP)


def quantiles(values: Sequence[float]) -> tuple[float, float]:
    """Between which one more of the same kind lies nine times of ten; inf stays inf.

    It is as likely to be in any place among n: k from either end leave out 2 k of n + 1. Fewer than 19 leave out more.
    """
    ordered = sorted(values)
    k = max(1, math.floor(0.05 * (len(ordered) + 1)))
    return ordered[k - 1], ordered[-k]
