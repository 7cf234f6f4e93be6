"""A month's traffic as few levels: stretches at one rate each, with how much of the month they are.

A week's 168 hours are put together by their rate, so that a level is steady and its own run of the simulator is enough;
what one hour leaves to the next (instances still warm) is lost at the edges, a window of an hour at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.domain.traffic import HOURS_PER_WEEK, Traffic

MOST_LEVELS = 6


@dataclass(frozen=True)
class Level:
    """Hours of the week that are alike: their mean rate, and the peak that they must carry."""

    per_s: float
    peak_per_s: float
    hours: tuple[int, ...]

    @property
    def share(self) -> float:
        """Of the week's hours."""
        return len(self.hours) / HOURS_PER_WEEK


def levels(traffic: Traffic, factor: float) -> tuple[Level, ...]:
    """Of the week at ``factor`` times its requests, the busiest last; hours without requests are left out."""
    requests = traffic.requests_per_month * factor
    means, peaks = traffic.hourly_means(requests), traffic.hourly_peaks(requests)
    asked = sorted((h for h in range(len(means)) if means[h] > 0), key=lambda h: means[h])
    groups = _grouped(asked, means)
    return tuple(Level(sum(means[h] for h in g) / len(g), max(peaks[h] for h in g), tuple(sorted(g))) for g in groups)


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
