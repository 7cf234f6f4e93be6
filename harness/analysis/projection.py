"""Monthly runtime cost at any volume: a line for what is billed by use, a staircase for a fleet that must carry the peak.

A fleet of ``k`` instances carries ``k * x1 * UTILISATION`` requests a second, with the
measured sustainable rate ``x1`` of one; ``k(N)`` is the least that carries the peak of
``N`` requests a month and no fewer than what is declared. Break-even is searched on
the staircase itself, for a straight line through it can cross where no step does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from harness.analysis.capacity import UTILISATION, Capacity
from harness.analysis.spend import Block, Cost, usage_of
from harness.costing.book import read_book
from harness.costing.models import FLEETS, HOURS_PER_MONTH, bill
from harness.domain.bill import CostLayer
from harness.domain.estimate import Estimate
from harness.domain.target import Target
from harness.domain.traffic import Traffic

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


@dataclass(frozen=True)
class Crossing:
    """A volume at which the cheaper target changes; low and high with the measured usage at its interval's ends."""

    requests: float
    low: float | None
    high: float | None
    cheaper_below: str
    cheaper_above: str
    peak_per_s: float
    utilisation: float | None  # of the fleet at this volume, against what it sustains


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

    def __init__(self, target: Target, blocks: Sequence[Block], traffic: Traffic, x1: float | None) -> None:
        assert target.prices is not None
        self.target, self.traffic, self.x1 = target.name, traffic, x1
        self._prices, self._book = target.prices, read_book(target.prices.book)
        self._one = usage_of(blocks).scaled(Decimal(1) / Decimal(sum(b.offered for b in blocks)), Decimal(0))
        self.size = FLEETS.get(target.prices.model)

    def instances(self, requests: float) -> float | None:
        """Mean over the month; None for what is billed by use."""
        if self.size is None:
            return None
        least = float(self._prices.parameters.get(self.size, 2))
        if self.x1 is None:
            return least
        carries = self.x1 * UTILISATION
        if not self._prices.parameters.get("autoscale"):
            return max(least, float(math.ceil(self.traffic.peak_at(requests) / carries)))
        hours = [max(least, float(math.ceil(rate / carries))) for rate in self.traffic.hourly_peaks(requests)]
        return sum(hours) / len(hours)

    def usd(self, requests: float) -> float:
        parameters = dict(self._prices.parameters)
        count = self.instances(requests)
        if self.size is not None and count is not None:
            parameters[self.size] = count
        usage = self._one.scaled(Decimal(str(requests)), HOURS_PER_MONTH)
        return float(bill(self._prices.model, self._book, parameters, usage).layer_usd(CostLayer.RUNTIME))


def projection(
    targets: Sequence[Target],
    blocks: Mapping[str, Sequence[Block]],
    costs: Sequence[Cost],
    capacities: Sequence[Capacity],
    traffic: Traffic,
) -> Projection | None:
    """None where a target's cost is not known."""
    if len(costs) < 2 or any(not isinstance(c.per_month_usd, Estimate) for c in costs):
        return None
    x1 = {c.target: c.per_instance_per_s for c in capacities}
    billers = [Biller(t, blocks[t.name], traffic, x1.get(t.name)) for t in targets]
    bands = [_band(c) for c in costs]
    expected = float(traffic.requests_per_month)
    volumes = [expected * SPAN ** (2 * k / (POINTS - 1) - 1) for k in range(POINTS)]
    stepped = _with_steps(billers, volumes)
    drawn = stepped if len(stepped) <= MOST_DRAWN else volumes
    curves = tuple(_curve(b, band, drawn) for b, band in zip(billers, bands, strict=True))
    now = {b.target: b.usd(expected) for b in billers}
    return Projection(
        curves,
        tuple(_crossings(billers, bands, volumes)),
        tuple(_factor(billers, traffic, factor) for factor in TRAFFIC_FACTORS),
        tuple((name, min(v for k, v in now.items() if k != name) / usd - 1) for name, usd in now.items() if usd),
    )


def _band(cost: Cost) -> tuple[float, float]:
    """Low and high of the month over its value: how wide the measured usage leaves it."""
    month = cost.per_month_usd
    assert isinstance(month, Estimate)
    low = month.low if month.low is not None else month.value
    high = month.high if month.high is not None else month.value
    return (low / month.value, high / month.value) if month.value else (1.0, 1.0)


def _curve(biller: Biller, band: tuple[float, float], volumes: Sequence[float]) -> Curve:
    points = []
    for volume in volumes:
        usd = biller.usd(volume)
        points.append(Point(volume, usd, usd * band[0], usd * band[1], biller.instances(volume)))
    fleet = biller.size is not None
    hint = ""
    if fleet and biller.x1 is None:
        hint = "its capacity was not measured, so its size does not grow with the volume"
    return Curve(biller.target, tuple(points), biller.x1, fleet, hint)


def _crossings(
    billers: Sequence[Biller], bands: Sequence[tuple[float, float]], volumes: Sequence[float]
) -> list[Crossing]:
    a, b = billers
    volumes = _with_steps(billers, volumes)
    middle = _changes(lambda v: a.usd(v) - b.usd(v), volumes)
    # usage is uncertain for what is billed by use alone: a fleet's bill is its size
    by_use = [k for k, biller in enumerate(billers) if biller.size is None]

    def at(end: int) -> list[tuple[float, float]]:
        factors = [bands[k][end] if k in by_use else 1.0 for k in (0, 1)]
        return _changes(lambda v: a.usd(v) * factors[0] - b.usd(v) * factors[1], volumes)

    ends = [at(0), at(1)]
    out = []
    for n, (volume, after) in enumerate(middle):
        others = sorted(found[n][0] for found in ends if len(found) == len(middle))
        below, above = (a, b) if after > 0 else (b, a)
        fleet = next((x for x in billers if x.size is not None and x.x1), None)
        peak = a.traffic.peak_at(volume)
        count = fleet.instances(volume) if fleet else None
        use = peak / (count * fleet.x1) if fleet and fleet.x1 and count else None
        whole = len(others) == 2
        out.append(
            Crossing(
                volume,
                others[0] if whole else None,
                others[1] if whole else None,
                below.target,
                above.target,
                peak,
                use,
            )
        )
    return out


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
    for biller in billers:
        if biller.size is None or not biller.x1:
            continue
        one = biller.x1 * UTILISATION * biller.traffic.requests_per_month / biller.traffic.peak_per_s
        first, last = math.ceil(volumes[0] / one), math.floor(volumes[-1] / one)
        for k in range(first, min(last, first + MOST_STEPS) + 1):
            out |= {k * one * (1 - 1e-6), k * one * (1 + 1e-6)}
    return sorted(v for v in out if volumes[0] <= v <= volumes[-1])


def _factor(billers: Sequence[Biller], traffic: Traffic, factor: float) -> Sensitivity:
    usd = {b.target: b.usd(traffic.requests_per_month * factor) for b in billers}
    return Sensitivity(f"{factor:g} times the expected traffic", usd, min(usd, key=lambda name: usd[name]))
