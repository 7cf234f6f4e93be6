"""Readings: a series from a platform, or its absence with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Window:
    """Wall-clock seconds, start included, end excluded."""

    start_unix_s: float
    end_unix_s: float


@dataclass(frozen=True)
class Series:
    """Points of one metric: (unix seconds, value) in ``unit``, with the query that found them."""

    metric: str
    unit: str
    points: tuple[tuple[float, float], ...]
    query: str
    source: str


@dataclass(frozen=True)
class Absent:
    """No reading, and why; a failed query is never a zero."""

    metric: str
    reason: str
    query: str
    source: str


Reading = Series | Absent


@runtime_checkable
class LineSource(Protocol):
    """A source that also keeps the platform's own lines, for the evidence."""

    def lines(self, window: Window) -> list[str]:
        """Those of the window, in order."""
        ...


class MetricSource(Protocol):
    """What we expect of anything that a platform's figures come from."""

    kind: str
    verified: str  # "live DATE", "real peer" or "spec only"
    settle_s: float  # how long after a run its figures may still change

    def read(self, window: Window) -> list[Reading]:
        """Every metric this source knows, each a Series or an Absent; never raises for a missing answer."""
        ...
