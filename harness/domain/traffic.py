"""Traffic: what cost is scored at, and how it lies over the week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HOURS_PER_MONTH = 730  # here alone: of a year of 8,760 hours
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600
HOURS_PER_DAY, HOURS_PER_WEEK = 24, 168


@dataclass(frozen=True)
class Traffic:
    """``week``: a relative rate for each of a week's 168 hours, from Monday 00:00; flat when empty."""

    requests_per_month: int
    peak_per_s: float
    week: tuple[float, ...] = ()

    def peak_at(self, requests: float) -> float:
        """Requests a second at the peak of another volume: the shape stays, its size changes."""
        return self.peak_per_s * requests / self.requests_per_month

    def hourly_means(self, requests: float) -> Sequence[float]:
        """Mean requests a second of each hour of the week."""
        week = self.week or (1.0,) * HOURS_PER_WEEK
        each = requests / SECONDS_PER_MONTH * len(week) / sum(week)
        return [each * weight for weight in week]

    def hourly_peaks(self, requests: float) -> Sequence[float]:
        """What each hour must be able to carry: its mean times the peak's ratio to the busiest hour's mean."""
        means = self.hourly_means(requests)
        ratio = max(1.0, self.peak_at(requests) / max(means)) if max(means) else 1.0
        return [mean * ratio for mean in means]


def week_of(instants_s: Sequence[float]) -> tuple[float, ...]:
    """A week's shape from instants since a trace's start: its whole weeks folded together, or its whole days.

    Raises ValueError for a trace shorter than a day.
    """
    length_h = max(instants_s, default=0.0) / 3600
    period = HOURS_PER_WEEK if length_h >= HOURS_PER_WEEK else HOURS_PER_DAY
    whole = int(length_h // period) * period
    if not whole:
        raise ValueError("it is shorter than a day, so it has no shape of a day or a week")
    counts = [0.0] * period
    for at_s in instants_s:
        if at_s < whole * 3600:
            counts[int(at_s // 3600) % period] += 1
    return tuple(counts) * (HOURS_PER_WEEK // period)
