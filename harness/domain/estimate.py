"""The Estimate: no number travels without its interval and n."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.domain.reason import Reason


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval; ``low`` or ``high`` is None where the data cannot bound it, ``why_open`` says why."""

    value: float
    low: float | None
    high: float | None
    confidence: float
    n: int
    blocks: int
    method: str
    why_open: Reason | None = None

    def within(self, low: float, high: float) -> bool:
        """The whole interval lies inside; an open end is never inside."""
        return self.low is not None and self.high is not None and low <= self.low and self.high <= high

    def scaled(self, factor: float, plus: float = 0.0) -> Estimate:
        """So many times it and a known amount more; an open end stays open. ``factor`` is above 0."""
        low, high = (None if end is None else end * factor + plus for end in (self.low, self.high))
        return replace(self, value=self.value * factor + plus, low=low, high=high)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A number that could not be had, and why; it is never a zero. ``n`` and ``blocks`` are what was looked at, where told."""

    reason: Reason
    n: int | None = None
    blocks: int | None = None


@dataclass(frozen=True, slots=True)
class Infinite(Unknown):
    """A percentile that more requests failed than may lie beyond; ``low`` is its interval's finite end, where it has one."""

    low: float | None = None


Known = Estimate | Unknown
