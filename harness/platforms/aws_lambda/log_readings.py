"""Readings out of Lambda's log lines, however they were fetched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.domain.reading import Absent, Reading, Series, Window
from harness.domain.reason import Reason
from harness.domain.reasons.reading import NoInitFailed, NoLine, NothingInvoked, WebFunction
from harness.platforms.shared.absence import readings
from harness.platforms.shared.report_lines import (
    FunctionKind,
    InitReport,
    Report,
    kind_of,
    parse_init_report,
    parse_report,
)

METRICS: dict[str, str] = {
    "billed_ms": "ms",
    "duration_ms": "ms",
    "init_ms": "ms",
    "max_memory_mb": "MB",
    "restore_ms": "ms",
}
FAILURES = "init_failures"


class LambdaReadings:
    """Base of the sources over a function's log: events by id, so that one that comes twice counts once."""

    kind: str
    verified = "spec only"
    settle_s = 900.0

    def __init__(self) -> None:
        self._events: dict[str, tuple[float, str]] = {}
        self._failed = False  # whether the last reading had no answer

    def _query(self, window: Window) -> dict[str, Any]:
        """The question, for the record."""
        raise NotImplementedError

    def _fetch(self, window: Window) -> None:
        """Fill ``_events``; raises NoAnswer."""
        raise NotImplementedError

    def read(self, window: Window) -> list[Reading]:
        """One series a metric of the reports, one of failed inits; each point at its line's own time."""
        said = json.dumps(self._query(window), sort_keys=True)
        self._events, self._failed = {}, True
        found = readings((*METRICS, FAILURES), said, self.kind, lambda: self._found(window, said))
        self._failed = any(isinstance(r, Absent) and r.failed for r in found)
        return found

    def _found(self, window: Window, said: str) -> list[Reading]:
        self._fetch(window)
        lines = sorted(self._events.values())
        reports = [(at, r) for at, text in lines if (r := parse_report(text))]
        inits = [(at, i) for at, text in lines if (i := parse_init_report(text))]
        if not reports:
            why = _why_none([kind_of(text) for _, text in lines])
            return [Absent(name, why, said, self.kind) for name in METRICS] + [self._failures(inits, said)]
        return [self._series(name, unit, reports, said) for name, unit in METRICS.items()] + [
            self._failures(inits, said)
        ]

    def lines(self, window: Window) -> list[str]:
        """The lines of the last reading, for the evidence."""
        del window
        return [text.rstrip("\n") for _, text in sorted(self._events.values())]

    def _take(self, events: Mapping[str, tuple[float, str]], window: Window) -> None:
        self._events |= {k: e for k, e in events.items() if window.start_unix_s <= e[0] < window.end_unix_s}

    def _series(self, name: str, unit: str, reports: list[tuple[float, Report]], said: str) -> Reading:
        points = tuple((at, float(value)) for at, r in reports if (value := getattr(r, name)) is not None)
        if not points:
            return Absent(name, NoLine("REPORT"), said, self.kind)
        return Series(name, unit, points, said, self.kind)

    def _failures(self, inits: list[tuple[float, InitReport]], said: str) -> Reading:
        points = tuple((at, i.init_ms) for at, i in inits if i.failed)
        if points:
            return Series(FAILURES, "ms", points, said, self.kind)
        return Absent(FAILURES, NoInitFailed() if inits else NoLine("INIT_REPORT"), said, self.kind)


def _why_none(kinds: list[FunctionKind | None]) -> Reason:
    return WebFunction() if FunctionKind.WEB in kinds else NothingInvoked()
