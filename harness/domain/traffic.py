"""Traffic: what cost is scored at, and how it lies over the week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HOURS_PER_MONTH = 730.0
HOURS_PER_WEEK = 168


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
        mean = requests / (HOURS_PER_MONTH * 3600)
        return [mean * weight * len(week) / sum(week) for weight in week]

    def hourly_peaks(self, requests: float) -> Sequence[float]:
        """What each hour must be able to carry: its mean times the peak's ratio to the busiest hour's mean."""
        means = self.hourly_means(requests)
        ratio = max(1.0, self.peak_at(requests) / max(means)) if max(means) else 1.0
        return [mean * ratio for mean in means]
