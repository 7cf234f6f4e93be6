"""A month's traffic as few levels: stretches at one rate each, with how much of the month they are; or a trace, whole.

A week's 168 hours are put together by their rate, so that a level is steady and its own run of the simulator is enough.
Where an hour's rate is another than that of the hour before, what the one leaves to the other counts (instances still
warm, or not yet there): its beginning is played by itself, after the hour before; all of the hour, or as long as it takes
for ``EDGE_REQUESTS``. Each stretch has the weight of the time that it stands for. Hours without requests are played too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from harness.analysis.columns import Array
from harness.domain.trace import Trace
from harness.domain.traffic import HOURS_PER_WEEK, SECONDS_PER_MONTH, Traffic
from harness.words.numbers import lasting
from harness.workspace import Workspace

MOST_LEVELS = 6
EDGE = 1.5  # times the rate of the hour before, or less than its inverse
EDGE_REQUESTS = 4_000
LIKE_ENOUGH = 500  # requests that a beginning is played again for, at most so often
MOST_AGAIN = 4
HOUR_S = 3600.0
PEAK_S = 60.0  # a trace's peak is its fullest stretch of this length
BIN_S = 10.0
MOST_LAID, WAYS = 100, 5  # copies of a trace that are counted one by one, turned so many times; once where it is long
ENOUGH = 100_000  # bins: their fullest hardly varies


@dataclass(frozen=True)
class Level:
    """Hours of the week that are alike: their mean rate. A trace is all hours, its own ``instants_s`` at ``times`` them.

    ``part`` of each of the hours is meant; with ``before_per_s`` their first ``lasts_s`` after an hour at that rate.
    """

    per_s: float
    hours: tuple[int, ...]
    instants_s: Array | None = field(default=None, repr=False)
    length_s: float = 0.0
    times: float = 1.0
    part: float = 1.0
    before_per_s: float | None = None
    lasts_s: float = HOUR_S

    @property
    def share(self) -> float:
        """Of the week."""
        return self.part * len(self.hours) / HOURS_PER_WEEK


@dataclass(frozen=True)
class MonthOf:
    """What is scaled: the week of pilot.toml, or a trace that goes on and on."""

    name: str
    traffic: Traffic
    instants_s: Array | None = field(default=None, repr=False)
    length_s: float = 0.0

    @classmethod
    def of_week(cls, traffic: Traffic) -> MonthOf:
        return cls(f"{traffic.requests_per_month:,} requests a month", traffic)

    @classmethod
    def of_trace(cls, trace: Trace, per_month: int | None = None) -> MonthOf:
        """``per_month``: brought to so many; else as many as its own pace makes."""
        instants = np.array([s.at_s for s in trace.requests])
        length_s = trace.length_s * len(instants) / max(1, len(instants) - 1)
        own = len(instants) / length_s * SECONDS_PER_MONTH
        times = 1.0 if per_month is None else per_month / own
        traffic = Traffic(round(own * times), peak_of(instants) * times)
        name = f"the traffic of {Path(trace.file).name}, {len(instants):,} requests in {lasting(length_s)}"
        return cls(name, traffic, instants, length_s)

    def at(self, requests: int) -> MonthOf:
        """Another volume of the same shape."""
        smaller = replace(self.traffic, requests_per_month=requests, peak_per_s=self.traffic.peak_at(requests))
        return replace(self, traffic=smaller)

    def peak_per_s(self, factor: float) -> float:
        """Requests a second of the fullest minute at ``factor`` times its requests, never fewer than the busiest hour's mean.

        Copies of a trace seldom peak together.
        """
        if self.instants_s is None:
            return max(self.traffic.hourly_peaks(self.traffic.requests_per_month * factor))
        peak = self.traffic.peak_per_s * factor
        [level] = self.levels(factor)
        if level.times > 1:
            peak = min(peak, _laid_over(self.instants_s, self.length_s, level.times))
        return max(peak, level.per_s)

    def levels(self, factor: float) -> tuple[Level, ...]:
        """At ``factor`` times its requests, the busiest last; the steady ones before the beginnings of hours."""
        requests = self.traffic.requests_per_month * factor
        if self.instants_s is not None:
            per_s = requests / SECONDS_PER_MONTH
            times = per_s * self.length_s / len(self.instants_s)
            return (Level(per_s, tuple(range(HOURS_PER_WEEK)), self.instants_s, self.length_s, times),)
        means = self.traffic.hourly_means(requests)
        asked = sorted((h for h in range(len(means)) if means[h] > 0), key=lambda h: means[h])
        quiet = [h for h in range(len(means)) if means[h] == 0]
        groups = ([quiet] if quiet else []) + _grouped(asked, means)
        return tuple(_levels([(sum(means[h] for h in g) / len(g), sorted(g)) for g in groups]))


def peak_of(instants_s: Array) -> float:
    """Requests a second of the fullest stretch of ``PEAK_S``; ``instants_s`` ascending."""
    within = np.searchsorted(instants_s, instants_s + PEAK_S, side="left") - np.arange(len(instants_s))
    return float(within.max()) / PEAK_S


def _laid_over(instants_s: Array, length_s: float, times: float) -> float:
    """The mean of a few ways to turn a trace's copies; of many the excess over their mean grows as that of independent ones."""
    counts = np.bincount((instants_s / BIN_S).astype(int), minlength=math.ceil(length_s / BIN_S)).astype(float)
    rng, laid = np.random.default_rng(3), min(times, MOST_LAID)
    wide = min(round(PEAK_S / BIN_S), len(counts))
    peaks = []
    for _ in range(max(1, min(WAYS, ENOUGH // len(counts)))):
        every = counts.copy()
        for k in range(1, math.ceil(laid)):
            every += min(1.0, laid - k) * np.roll(counts, int(rng.integers(len(counts))))
        within = np.convolve(np.concatenate([every, every[: wide - 1]]), np.ones(wide), "valid") / (wide * BIN_S)
        peaks.append(float(within.max()))
    mean, more = float(counts.mean()) * laid / BIN_S, times / laid
    return mean * more + (float(np.mean(peaks)) - mean) * math.sqrt(more)


def _levels(groups: Sequence[tuple[float, Sequence[int]]]) -> Iterator[Level]:
    rate = {hour: per_s for per_s, hours in groups for hour in hours}
    edges: list[Level] = []
    for per_s, hours in groups:
        lasts_s = min(HOUR_S, EDGE_REQUESTS / per_s) if per_s else HOUR_S
        after: dict[float, list[int]] = {}
        for hour in hours:
            after.setdefault(rate[(hour - 1) % HOURS_PER_WEEK], []).append(hour)
        same = [h for before, some in after.items() if not _edge(before, per_s) for h in some]
        other = {before: some for before, some in after.items() if _edge(before, per_s)}
        if same:
            yield Level(per_s, tuple(sorted(same)))
        for before, some in other.items():
            again = min(MOST_AGAIN, math.ceil(LIKE_ENOUGH / (per_s * lasts_s))) if per_s else 1
            begins = Level(per_s, tuple(some), part=lasts_s / HOUR_S / again, before_per_s=before, lasts_s=lasts_s)
            edges += [begins] * again
        if lasts_s < HOUR_S and other:
            rest = sorted(h for some in other.values() for h in some)
            yield Level(per_s, tuple(rest), part=1 - lasts_s / HOUR_S)
    yield from edges


def _edge(before: float, per_s: float) -> bool:
    return max(before, per_s) > EDGE * min(before, per_s)


def month_of(workspace: Workspace) -> MonthOf:
    """The sealed traffic, of pilot.toml or as its trace has it; raises BadFile for a trace that cannot be read."""
    sealed, trace = workspace.traffic(), workspace.traffic_trace()
    return MonthOf.of_week(sealed) if trace is None else MonthOf.of_trace(trace, sealed.requests_per_month)


def _grouped(hours: Sequence[int], means: Sequence[float]) -> list[list[int]]:
    """Neighbours in rate together: equal ratios between the slowest and the busiest hour."""
    lowest, highest = means[hours[0]], means[hours[-1]]
    if highest <= lowest * 1.05:
        return [list(hours)]
    step = (highest / lowest) ** (1 / MOST_LEVELS)
    out: list[list[int]] = [[] for _ in range(MOST_LEVELS)]
    edges = [lowest * step ** (k + 1) for k in range(MOST_LEVELS)]
    for hour in hours:
        out[next((k for k, edge in enumerate(edges) if means[hour] <= edge * (1 + 1e-9)), MOST_LEVELS - 1)].append(hour)
    return [group for group in out if group]
