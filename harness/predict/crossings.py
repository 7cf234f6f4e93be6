"""At which traffic the other target becomes the cheaper one, or a promise breaks: read off the months played at each factor.

Between two factors a figure runs straight on logarithmic axes. Each other world has a crossing of its own, for a world is the
same at every factor; nine tenths of them are the interval. An end is open where worlds do not cross within what was played.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.domain.estimate import Estimate, Infinite, Known, Unknown
from harness.domain.reasons import absence
from harness.domain.traffic import SECONDS_PER_MONTH
from harness.predict.played import quantiles
from harness.predict.prediction import CONFIDENCE, AtTraffic, Quantity

METHOD = "where the months that were played cross, nine tenths of worlds"
ENDLESS = 30.0  # a log that stands for no finite one: an infinite percentile, a share of none
MOST_REFUSED = 0.05  # of a month's requests, where its cost is laid beside another's
NARROW = 1.25  # factors nearer to each other than this are not split again
Values = Sequence[tuple[float, float]]  # factor, and the log of a ratio: its sign is who is ahead


@dataclass(frozen=True)
class Crossing:
    """A factor at which the cheaper target changes; ``busy``: mean use of what the fleet then sustains."""

    factor: Estimate
    below: str  # the cheaper one
    above: str
    per_s: float
    busy: Known

    @property
    def requests(self) -> float:
        """A month."""
        return self.per_s * SECONDS_PER_MONTH


@dataclass(frozen=True)
class Limit:
    """One promise that a prediction can be held to."""

    metric: str
    name: str
    quantity: Quantity
    limit: float
    unit: str


@dataclass(frozen=True)
class Break:
    """A factor at which a target begins, going up, to break a promise, or (``kept_above``) to keep it."""

    target: str
    limit: Limit
    factor: Estimate
    kept_above: bool


@dataclass(frozen=True)
class Sees:
    """How far up one target's promises can be told, and which it breaks at your traffic."""

    target: str
    to: float | None  # the highest factor at which every one is, whole interval and all; None: not even at 1
    breaks_now: tuple[Limit, ...]


def crossings(at: Sequence[AtTraffic], fleets: Mapping[str, float]) -> tuple[Crossing, ...]:
    """Of two targets; ``fleets``: requests a second that an instance sustains, of those that are billed by capacity."""
    a, b = _two(at)
    both = [(x, y) for x, y in zip(a, b, strict=True) if _usd(x) is not None and _usd(y) is not None]
    if len(both) < 2:
        return ()
    middle = [(x.factor, math.log(_usd(x) / _usd(y))) for x, y in both]  # type: ignore[operator]
    worlds = _worlds([(x.factor, x.of(Quantity.COST).worlds, y.of(Quantity.COST).worlds) for x, y in both])
    out = []
    for cross in _crossed(middle):
        below, above = (a, b) if cross.after > 0 else (b, a)
        estimate = _estimate(cross, worlds, both[0][0])
        per_s = both[0][0].per_s / both[0][0].factor * cross.value
        out.append(Crossing(estimate, below[0].target, above[0].target, per_s, _busy(estimate, above, fleets)))
    return tuple(out)


def breaks(at: Sequence[AtTraffic], limits: Sequence[Limit]) -> tuple[Break, ...]:
    """Of every target and promise, each factor at which it changes whether it is kept."""
    out = []
    for own in _by_target(at).values():
        for limit in limits:
            told = [(one, v) for one in own if (v := _held(one, limit)) is not None]
            middle = [(one.factor, _over(v, limit.limit)) for one, v in told]
            worlds = _worlds([(one.factor, _held_in_worlds(one, limit), None) for one, _ in told], limit.limit)
            for cross in _crossed(middle):
                estimate = _estimate(cross, worlds, told[0][0])
                out.append(Break(own[0].target, limit, estimate, kept_above=cross.after < 0))
    return tuple(out)


def seen(at: Sequence[AtTraffic], limits: Sequence[Limit]) -> tuple[Sees, ...]:
    """Of every target."""
    out = []
    for name, own in _by_target(at).items():
        told = [all(_settled(one, limit) for limit in limits) for one in own]
        up = [(one.factor, is_told) for one, is_told in zip(own, told, strict=True) if one.factor >= 1]
        to = None
        for factor, is_told in up:
            if not is_told:
                break
            to = factor
        now = next((one for one in own if one.factor == 1), None)
        broken = tuple(x for x in limits if now and (v := _held(now, x)) is not None and v > x.limit)
        out.append(Sees(name, to, broken))
    return tuple(out)


def between(at: Sequence[AtTraffic]) -> float | None:
    """A factor worth playing too: in the middle of where the costs cross nearest to 1; None where that is narrow enough."""
    a, b = _two(at)
    told = [(x.factor, math.log(u / v)) for x, y in zip(a, b, strict=True) if (u := _usd(x)) and (v := _usd(y))]
    found = [(low, high) for (low, first), (high, last) in pairwise(told) if _changes(first, last)]
    if not found:
        return None
    low, high = min(found, key=lambda ends: abs(math.log(ends[0] * ends[1])))
    return None if high / low <= NARROW else math.sqrt(low * high)


def _two(at: Sequence[AtTraffic]) -> tuple[list[AtTraffic], list[AtTraffic]]:
    a, b = _by_target(at).values()
    return a, b


def _by_target(at: Sequence[AtTraffic]) -> dict[str, list[AtTraffic]]:
    out: dict[str, list[AtTraffic]] = {}
    for one in sorted(at, key=lambda one: one.factor):
        out.setdefault(one.target, []).append(one)
    return out


def comparable(one: AtTraffic) -> bool:
    """Whether its cost is that of the traffic: what refuses more than a twentieth of it is cheap for what it does not do."""
    refused = _value(one, Quantity.REFUSED_SHARE)
    return _value(one, Quantity.COST) is not None and (refused is None or refused <= MOST_REFUSED)


def _usd(one: AtTraffic) -> float | None:
    value = _value(one, Quantity.COST) if comparable(one) else None
    return value if value and math.isfinite(value) else None


def _value(one: AtTraffic, quantity: Quantity) -> float | None:
    known = next((f.known for f in one.figures if f.quantity is quantity), None)
    return known.value if isinstance(known, Estimate) else math.inf if isinstance(known, Infinite) else None


def _held(one: AtTraffic, limit: Limit) -> float | None:
    """What is held to a promise: where it is of refusals, of whatever fails."""
    value = _value(one, limit.quantity)
    if value is None or limit.quantity is not Quantity.REFUSED_SHARE or one.served is None:
        return value
    return _failing(one.served.value)


def _settled(one: AtTraffic, limit: Limit) -> bool:
    """Whether it breaks it as played, or keeps it in nine tenths of worlds: what some of them break isn't kept for sure."""
    value = _held(one, limit)
    if value is None or value > limit.limit:
        return value is not None
    worlds = [world for world in _held_in_worlds(one, limit) if not math.isnan(world)]
    return quantiles([value, *worlds])[1] <= limit.limit


def _held_in_worlds(one: AtTraffic, limit: Limit) -> Sequence[float]:
    if limit.quantity is not Quantity.REFUSED_SHARE or one.served is None:
        return one.of(limit.quantity).worlds
    return [_failing(value) for value in one.served.worlds]


def _failing(served: float) -> float:
    return round(1 - served, 12)


def _over(value: float, limit: float) -> float:
    """A log that is above 0 where the limit is exceeded, none beyond ``ENDLESS``."""
    if value <= 0 or math.isinf(value):
        return ENDLESS if value > limit else -ENDLESS
    return math.log(value / max(limit, 1e-9))


def _worlds(
    rows: Sequence[tuple[float, Sequence[float], Sequence[float] | None]], limit: float | None = None
) -> list[Values]:
    """Of each world that was played at every factor: its own logs."""
    count = min((min(len(of), len(of if other is None else other)) for _, of, other in rows), default=0)

    def log(k: int, of: Sequence[float], other: Sequence[float] | None) -> float:
        if other is None:
            return math.nan if math.isnan(of[k]) else _over(of[k], limit or 0.0)
        return math.log(of[k] / other[k]) if of[k] > 0 and other[k] > 0 else math.nan

    made = [[(factor, log(k, of, other)) for factor, of, other in rows] for k in range(count)]
    return [[(f, v) for f, v in one if not math.isnan(v)] for one in made]


@dataclass(frozen=True)
class _Cross:
    """A change of sign; between a finite and an infinite figure anything from ``low`` to ``high``."""

    value: float
    low: float
    high: float
    after: float


def _crossed(values: Values) -> Iterator[_Cross]:
    """Each change of sign, going up."""
    for (low, first), (high, last) in pairwise(values):
        if not _changes(first, last):
            continue
        after = _sign(last)
        if max(abs(first), abs(last)) >= ENDLESS:
            yield _Cross(math.sqrt(low * high), low, high, after)
            continue
        at = low * (high / low) ** (first / (first - last))
        yield _Cross(at, at, at, after)


def _changes(first: float, last: float) -> bool:
    return _sign(first) != _sign(last)


def _sign(log: float) -> float:
    """At 0 the limit is kept, and neither is dearer."""
    return 1.0 if log > 0 else -1.0


def _estimate(cross: _Cross, worlds: Sequence[Values], rests_on: AtTraffic) -> Estimate:
    found = [cross, *(_nearest(values, cross) for values in worlds if values)]
    low, high = quantiles([c.low for c in found])[0], quantiles([c.high for c in found])[1]
    low, high = min(low, cross.low), max(high, cross.high)
    known = next((f.known for f in rests_on.figures if isinstance(f.known, Estimate)), None)
    n, blocks = (known.n, known.blocks) if known is not None else (0, 0)
    ends = low if low > 0 else None, high if math.isfinite(high) else None
    return Estimate(cross.value, *ends, CONFIDENCE, n, blocks, METHOD)


def _nearest(values: Values, cross: _Cross) -> _Cross:
    """The crossing of the same kind in another world; at 0 or infinite where it lies beyond all that was played."""
    own = [c for c in _crossed(values) if c.after == cross.after]
    if own:
        return min(own, key=lambda c: abs(math.log(c.value / cross.value)))
    beyond = 0.0 if _sign(values[0][1]) == cross.after else math.inf
    return _Cross(beyond, beyond, beyond, cross.after)


def _busy(crossing: Estimate, above: Sequence[AtTraffic], fleets: Mapping[str, float]) -> Known:
    """Mean rate over what the fleet sustains there; its ends are those of the crossing."""
    name = above[0].target
    if name not in fleets:
        return Unknown(absence.BilledByUse())
    if not fleets[name]:
        return Unknown(absence.CapacityUnknown())

    def use(factor: float | None) -> float | None:
        if factor is None:
            return None
        size = _between(above, factor, lambda one: _value(one, Quantity.INSTANCES_MEAN))
        return above[0].per_s / above[0].factor * factor / (size * fleets[name]) if size else None

    value = use(crossing.value)
    if value is None:
        return Unknown(absence.CapacityUnknown())
    low, high = use(crossing.low), use(crossing.high)
    ends = None if low is None else min(low, value), None if high is None else max(high, value)
    how = "mean rate over what is sustained, where the costs cross"
    return Estimate(value, *ends, CONFIDENCE, crossing.n, crossing.blocks, how)


def _between(own: Sequence[AtTraffic], factor: float, of: Callable[[AtTraffic], float | None]) -> float | None:
    """A figure at a factor that was not played: straight on logarithmic axes."""
    told = [(one.factor, v) for one in own if (v := of(one))]
    for (low, first), (high, last) in pairwise(told):
        if low <= factor <= high:
            part = math.log(factor / low) / math.log(high / low)
            return float(first * (last / first) ** part)
    return next((v for f, v in told if f == factor), None)
