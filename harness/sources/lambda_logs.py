"""A Lambda function's own log lines from CloudWatch Logs, through FilterLogEvents.

Verified: spec only; requests and answers are held to botocore's service model in the
tests. FilterLogEvents costs nothing a call beyond its own quota and pages by token,
an empty page does not mean the end. Web functions write no line a request and are
said to do so, for an empty answer would look like an idle function.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from harness.cloud.call import call
from harness.domain.reading import Absent, Reading, Series, Window
from harness.sources.lambda_lines import FunctionKind, InitReport, Report, kind_of, parse_init_report, parse_report

# "?" is CloudWatch Logs' or: text lines and JSON events alike
PATTERN = '?REPORT ?"platform.report" ?"platform.initReport" ?"platform.invoke"'
METRICS: dict[str, str] = {
    "billed_ms": "ms",
    "duration_ms": "ms",
    "init_ms": "ms",
    "max_memory_mb": "MB",
    "restore_ms": "ms",
}


class LogApi(Protocol):
    """The one call of a CloudWatch Logs client that is used."""

    def filter_log_events(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: ANN401


class LambdaLogs:
    """REPORT and INIT_REPORT lines of one log group."""

    kind = "lambda-logs"
    verified = "spec only"
    settle_s = 900.0

    def __init__(self, api: LogApi, log_group: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._api = api
        self._group = log_group
        self._sleep = sleep
        self._events: dict[str, tuple[float, str]] = {}  # by event id: a page that comes twice counts once

    def read(self, window: Window) -> list[Reading]:
        """One series a metric of the reports, one of failed inits; each point at its line's own time."""
        query = self._query(window)
        said = json.dumps(query, sort_keys=True)
        failed = self._fetch(query, window)
        if failed is not None:
            return [Absent(name, failed, said, self.kind) for name in (*METRICS, "init_failures")]
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

    def _query(self, window: Window) -> dict[str, Any]:
        return {
            "logGroupName": self._group,
            "startTime": int(window.start_unix_s * 1000),
            "endTime": int(window.end_unix_s * 1000),
            "filterPattern": PATTERN,
        }

    def _fetch(self, query: dict[str, Any], window: Window) -> str | None:
        """Fill the events; why not, if it failed."""
        self._events = {}
        token: str | None = None
        while True:
            answer = call(self._api.filter_log_events, query | ({"nextToken": token} if token else {}), self._sleep)
            if isinstance(answer, str):
                return answer
            for event in answer.get("events", ()):
                at = event["timestamp"] / 1000
                if window.start_unix_s <= at < window.end_unix_s:
                    self._events[event["eventId"]] = (at, event["message"])
            if not (token := answer.get("nextToken")):
                return None

    def _series(self, name: str, unit: str, reports: list[tuple[float, Report]], said: str) -> Reading:
        points = tuple((at, float(value)) for at, r in reports if (value := getattr(r, name)) is not None)
        if not points:
            return Absent(name, "no REPORT line carries it in this window", said, self.kind)
        return Series(name, unit, points, said, self.kind)

    def _failures(self, inits: list[tuple[float, InitReport]], said: str) -> Reading:
        if not inits:
            return Absent("init_failures", "no INIT_REPORT line in this window", said, self.kind)
        return Series("init_failures", "ms", tuple((at, i.init_ms) for at, i in inits), said, self.kind)


def _why_none(kinds: list[FunctionKind | None]) -> str:
    if FunctionKind.WEB in kinds:
        return "a web function: its log has no REPORT line for each request"
    return (
        "no REPORT line in this window: nothing was invoked, or the function writes none (managed instances, log level)"
    )
