"""Readings: a series from a platform, or its absence with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from harness.domain.reason import Reason


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
    """No reading, and why; a failed query is never a zero.

    ``failed`` tells a question that got no answer, which is asked again, from an answer that holds nothing.
    """

    metric: str
    reason: Reason
    query: str
    source: str
    failed: bool = False


Reading = Series | Absent


@runtime_checkable
class LineSource(Protocol):
    """A source that also keeps the platform's own lines, for the evidence."""

    def lines(self, window: Window) -> list[str]:
        """Those of the window, in order."""
        ...


@runtime_checkable
class RawSource(Protocol):
    """A source whose answers are kept as they came."""

    def raw(self) -> list[dict[str, Any]]:
        """Questions and answers since the last call, in order."""
        ...


class MetricSource(Protocol):
    """What we expect of anything that a platform's figures come from.

    A source may say ``keeps_s``: how long after a run its finest figures can still be had.
    """

    kind: str
    verified: str  # "live DATE", "real peer" or "spec only"
    settle_s: float  # how long after a run its figures may still change

    def read(self, window: Window) -> list[Reading]:
        """Every metric this source knows, each a Series or an Absent; never raises for a missing answer."""
        ...
