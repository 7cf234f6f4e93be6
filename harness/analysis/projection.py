"""Monthly runtime cost at any volume: a line for what is billed by request, a staircase for a capacity that must carry the peak.

Where requests share instances the line is bent (``sharing``).
A fleet of ``k`` units carries ``k * x1 * UTILISATION`` requests a second, with the
measured sustainable rate ``x1`` of one; ``k(N)`` is the least that carries the peak of
``N`` requests a month and no fewer than what is declared. Break-even is searched on
the staircase itself, for a straight line through it can cross where no step does. Its
interval is the stretch of volumes around it at which the two costs' own intervals
overlap: what is billed by use by its measured usage, a fleet by its measured capacity.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from harness.analysis.capacity import UTILISATION, Capacity
from harness.analysis.spend import BlockUsage, Cost, monthly_bill, runtime_usd, together
from harness.analysis.units import per_unit, per_unit_ends
from harness.domain.estimate import Estimate
from harness.domain.own_costs import own_bill
from harness.domain.target import Target
from harness.domain.traffic import Traffic
from harness.platforms.pricing import Pricing, pricing_of

SPAN = 100.0  # volumes are drawn from a hundredth to a hundred times the expected one
POINTS = 81
MOST_STEPS = 500
MOST_DRAWN = 300
TRAFFIC_FACTORS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0)


@dataclass(frozen=True)
class Point:
    """One volume; ``instances`` is None for what is billed by use."""

    requests: float
    usd: float
    low_usd: float
    high_usd: float
    instances: float | None


@dataclass(frozen=True)
class Curve:
    """One target over all volumes; ``per_instance_per_s`` is None where capacity was not measured."""

    target: str
    points: tuple[Point, ...]
    per_instance_per_s: float | None
    fleet: bool
    hint: str

    def usd_at(self, requests: float) -> float:
        """Between its points by a straight line; at its ends below and above them."""
        return float(np.interp(requests, [p.requests for p in self.points], [p.usd for p in self.points]))


@dataclass(frozen=True)
class Crossing:
    """A volume at which the cheaper target changes; between low and high either may be the cheaper one, None: no end was seen."""

    requests: float
    low: float | None
    high: float | None
    cheaper_below: str
    cheaper_above: str
    peak_per_s: float
    fleet: str | None  # whose use follows: the one that is cheaper above, where it is a fleet, else the other
    utilisation: float | None  # of it at this volume, its peak against what it sustains
    used_low: float | None = None  # the same at ``low``, of a fleet that sustains the most that was measured
    used_high: float | None = None  # at ``high``, of one that sustains the least


@dataclass(frozen=True)
class Sensitivity:
    """One assumption changed."""

    what: str
    usd: Mapping[str, float]  # by target
    cheaper: str


@dataclass(frozen=True)
class Projection:
    """Both targets."""

    curves: tuple[Curve, ...]
    crossings: tuple[Crossing, ...]
    traffic: tuple[Sensitivity, ...]
    flips: tuple[tuple[str, float], ...]  # by how much the target's prices must change for the cheaper one to change


class Biller:
    """Runtime dollars a month of one target at any volume."""

    def __init__(
        self,
        target: Target,
        blocks: Sequence[BlockUsage],
        traffic: Traffic,
        x1: float | None,
        x1_ends: tuple[float, float] | None = None,
        band: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        assert target.prices is not None
        self.target, self.traffic, self.x1 = target.name, traffic, x1
        self._declared = target
        self._pricing = pricing_of(target.prices)
        self._measured = together(self._pricing, blocks)
        self.fleet = self._pricing.billing.units is not None
        self.shares = self._pricing.billing.at_once is not None
        self._x1_ends = x1_ends or (x1, x1)
        self._usd: dict[tuple[float, float | None], float] = {}
        self._band = (1.0, 1.0) if self.fleet else band  # a fleet's bill is its size

    def instances(self, requests: float, x1: float | None = None) -> float | None:
        """Mean over the month; None for what is billed by use. ``x1`` other than the measured one: what if."""
        if not self.fleet:
            return None
        least = self._pricing.units
        x1 = self.x1 if x1 is None else x1
        if x1 is None:
            return least
        carries = x1 * UTILISATION
        if not self._pricing.by_the_hour:
            return max(least, float(math.ceil(self.traffic.peak_at(requests) / carries)))
        hours = [max(least, float(math.ceil(rate / carries))) for rate in self.traffic.hourly_peaks(requests)]
        return sum(hours) / len(hours)

    def used_at(self, low: float | None, volume: float, high: float | None) -> tuple[float | None, ...]:
        """Of a fleet, its peak over what it sustains; at the ends by the most and the least that was measured."""
        little, much = self._x1_ends
        return tuple(self._used(*at) for at in ((low, much), (volume, self.x1), (high, little)))

    def _used(self, requests: float | None, x1: float | None) -> float | None:
        count = None if requests is None else self.instances(requests, x1)
        return self.traffic.peak_at(requests) / (count * x1) if requests and count and x1 else None

    def ends_usd(self, requests: float) -> tuple[float, float]:
        """Low and high: of what was used, or of a fleet that carries the most and the least that was measured."""
        little, much = self._x1_ends
        own = runtime_usd(own_bill(self._declared.beside, requests))  # is what it is: only what was measured has a band
        low, high = self._band
        return own + (self.usd(requests, much) - own) * low, own + (self.usd(requests, little) - own) * high

    def steps(self) -> list[float]:
        """What one more instance carries, as requests a month, by the measured capacity and its interval's ends."""
        if not self.fleet or not self.x1:
            return []
        month = self.traffic.requests_per_month / self.traffic.peak_per_s
        return sorted({x1 * UTILISATION * month for x1 in (self.x1, *self._x1_ends) if x1})

    def usd(self, requests: float, x1: float | None = None) -> float:
        """What a month costs; ``x1`` as for ``instances``."""
        x1 = self.x1 if x1 is None else x1
        if (requests, x1) not in self._usd:
            self._usd[requests, x1] = self._billed(requests, x1)
        return self._usd[requests, x1]

    def _billed(self, requests: float, x1: float | None) -> float:
        count = self.instances(requests, x1)
        pricing: Pricing = self._pricing if count is None else self._pricing.sized(count)
        return runtime_usd(monthly_bill(self._declared, pricing, self._measured, requests, self.traffic))


def projection(
    targets: Sequence[Target],
    blocks: Mapping[str, Sequence[BlockUsage]],
    costs: Sequence[Cost],
    capacities: Sequence[Capacity],
    traffic: Traffic,
) -> Projection | None:
    """None where a target's cost is not known."""
    if len(costs) < 2 or any(not isinstance(c.per_month_usd, Estimate) for c in costs):
        return None
    billed = {t.name: pricing_of(t.prices) for t in targets if t.prices}
    x1 = {c.target: per_unit(c, billed[c.target]) for c in capacities if c.target in billed}
    ends = {c.target: found for c in capacities if c.target in billed and (found := per_unit_ends(c, billed[c.target]))}
    expected = float(traffic.requests_per_month)
    bands = [_band(c, runtime_usd(own_bill(t.beside, expected))) for t, c in zip(targets, costs, strict=True)]
    billers = [
        Biller(t, blocks[t.name], traffic, x1.get(t.name), ends.get(t.name), band)
        for t, band in zip(targets, bands, strict=True)
    ]
    volumes = [expected * SPAN ** (2 * k / (POINTS - 1) - 1) for k in range(POINTS)]
    stepped = _with_steps(billers, volumes)
    drawn = stepped if len(stepped) <= MOST_DRAWN else volumes
    curves = tuple(_curve(b, drawn) for b in billers)
    now = {b.target: b.usd(expected) for b in billers}
    return Projection(
        curves,
        tuple(_crossings(billers, volumes)),
        tuple(_factor(billers, traffic, factor) for factor in TRAFFIC_FACTORS),
        tuple((name, min(v for k, v in now.items() if k != name) / usd - 1) for name, usd in now.items() if usd),
    )


def _band(cost: Cost, own_usd: float) -> tuple[float, float]:
    """Low and high of the month over its value, a team's own lines apart: how wide the measured usage leaves it."""
    month = cost.per_month_usd
    assert isinstance(month, Estimate)
    value = month.value - own_usd
    low = value if month.low is None else month.low - own_usd
    high = value if month.high is None else month.high - own_usd
    return (low / value, high / value) if value > 0 else (1.0, 1.0)


def _curve(biller: Biller, volumes: Sequence[float]) -> Curve:
    points = [Point(v, biller.usd(v), *biller.ends_usd(v), biller.instances(v)) for v in volumes]
    fleet = biller.fleet
    hint = "requests share instances, so it does not grow in proportion" if biller.shares else ""
    if fleet and biller.x1 is None:
        hint = "its capacity was not measured, so its size does not grow with the volume"
    return Curve(biller.target, tuple(points), biller.x1, fleet, hint)


def _crossings(billers: Sequence[Biller], volumes: Sequence[float]) -> list[Crossing]:
    a, b = billers
    stepped = _with_steps(billers, volumes)
    open_at = [_either(billers, volume) for volume in stepped]
    out = []
    for volume, after in _changes(lambda v: a.usd(v) - b.usd(v), stepped):
        below, above = (a, b) if after > 0 else (b, a)
        fleet = next((x for x in (above, below) if x.fleet), None)
        low, high = _stretch(billers, stepped, open_at, volume)
        used = fleet.used_at(low, volume, high) if fleet else (None, None, None)
        who = (below.target, above.target, a.traffic.peak_at(volume), fleet.target if fleet else None)
        out.append(Crossing(volume, low, high, *who, used[1], used[0], used[2]))
    return out


def _either(billers: Sequence[Biller], volume: float) -> bool:
    """Whether either may be the cheaper one: their intervals overlap."""
    (a_low, a_high), (b_low, b_high) = (biller.ends_usd(volume) for biller in billers)
    return a_low <= b_high and b_low <= a_high


def _stretch(
    billers: Sequence[Biller], volumes: Sequence[float], open_at: Sequence[bool], volume: float
) -> tuple[float | None, float | None]:
    """The ends of the volumes around a crossing at which either may be the cheaper one."""
    k = bisect_left(volumes, volume)
    low = next((j for j in range(k - 1, -1, -1) if not open_at[j]), None)
    high = next((j for j in range(k, len(volumes)) if not open_at[j]), None)
    return (
        None if low is None else min(volume, _edge(billers, volumes[low], min(volume, volumes[low + 1]))),
        None if high is None else max(volume, _edge(billers, volumes[high], max(volume, volumes[high - 1]))),
    )


def _edge(billers: Sequence[Biller], decided: float, either: float) -> float:
    """Where between two volumes it begins to be open which is cheaper, to a thousandth."""
    while max(decided / either, either / decided) > 1.001:
        middle = math.sqrt(decided * either)
        decided, either = (decided, middle) if _either(billers, middle) else (middle, either)
    return either


def _changes(difference: Callable[[float], float], volumes: Sequence[float]) -> list[tuple[float, float]]:
    """Volumes where the sign changes, each with the difference just after; bisected to a thousandth."""
    out = []
    for start, end in pairwise(volumes):
        first, last = difference(start), difference(end)
        if first == 0 or (first > 0) == (last > 0):
            continue
        low, high = start, end
        while high / low > 1.001:
            middle = math.sqrt(low * high)
            low, high = (middle, high) if (difference(middle) > 0) == (first > 0) else (low, middle)
        out.append((high, last))
    return out


def _with_steps(billers: Sequence[Biller], volumes: Sequence[float]) -> list[float]:
    """The volumes, and both sides of each step of a staircase between them: a step can cross and be crossed back."""
    out = set(volumes)
    for one in (one for biller in billers for one in biller.steps()):
        first, last = math.ceil(volumes[0] / one), math.floor(volumes[-1] / one)
        for k in range(first, min(last, first + MOST_STEPS) + 1):
            out |= {k * one * (1 - 1e-6), k * one * (1 + 1e-6)}
    return sorted(v for v in out if volumes[0] <= v <= volumes[-1])


def _factor(billers: Sequence[Biller], traffic: Traffic, factor: float) -> Sensitivity:
    usd = {b.target: b.usd(traffic.requests_per_month * factor) for b in billers}
    return Sensitivity(f"{factor:g} times the expected traffic", usd, min(usd, key=lambda name: usd[name]))
