"""Spans from files of OTLP/JSON, as the OpenTelemetry Collector's file exporter writes them: one request a line.

Verified: spec only (the OTLP JSON mapping). What one must know: 64-bit numbers are
strings, ids are hexadecimal, an attribute's value sits under its type's name. A span
belongs to a request by an attribute that holds its X-Request-Id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.domain.reading import Absent, Reading, Series, Window

REQUEST_ID = "http.request.header.x-request-id"


class OtlpTraces:
    """Durations by span name, in the window; ``lines`` keeps each span's request id, name and times."""

    kind = "otlp-traces"
    verified = "spec only"
    settle_s = 60.0

    def __init__(self, path: Path, attribute: str = REQUEST_ID) -> None:
        self._path = path
        self._attribute = attribute
        self._spans: list[dict[str, Any]] = []

    def read(self, window: Window) -> list[Reading]:
        """One series of durations (ms) a span name; each point at its span's start."""
        query = f"{self._path}: spans, requests by {self._attribute}"
        files = sorted(self._path.glob("*.json*")) if self._path.is_dir() else [self._path]
        self._spans = []
        broken = 0
        for file in files:
            try:
                text = file.read_text(encoding="utf-8")
            except OSError as error:
                return [Absent("spans", f"{file}: {error.strerror}", query, self.kind, failed=True)]
            for line in filter(None, text.splitlines()):
                try:
                    self._spans += spans_of(json.loads(line), self._attribute)
                except (ValueError, KeyError, TypeError, AttributeError):
                    broken += 1
        self._spans = [s for s in self._spans if window.start_unix_s <= s["start_unix_s"] < window.end_unix_s]
        readings: list[Reading] = [self._series(name, query) for name in sorted({s["name"] for s in self._spans})]
        if broken:
            readings.append(Absent("unreadable lines", f"{broken} lines are no OTLP/JSON", query, self.kind))
        return readings or [Absent("spans", "no span in this window", query, self.kind)]

    def lines(self, window: Window) -> list[str]:
        """The spans of the last reading, a JSON object each."""
        del window
        return [json.dumps(s, sort_keys=True) for s in sorted(self._spans, key=lambda s: s["start_unix_s"])]

    def _series(self, name: str, query: str) -> Series:
        points = sorted((s["start_unix_s"], s["duration_ms"]) for s in self._spans if s["name"] == name)
        return Series(f"span {name}", "ms", tuple(points), query, self.kind)


def spans_of(request: Mapping[str, Any], attribute: str) -> Iterator[dict[str, Any]]:
    """Spans of one ExportTraceServiceRequest; raises KeyError, TypeError or ValueError for anything else."""
    for resource in request["resourceSpans"]:
        for scope in resource.get("scopeSpans", ()):
            for span in scope.get("spans", ()):
                start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
                said = {a["key"]: next(iter(a["value"].values())) for a in span.get("attributes", ())}
                yield {
                    "name": span["name"],
                    "trace_id": span["traceId"],
                    "request_id": _one(said.get(attribute)),
                    "start_unix_s": start / 1e9,
                    "duration_ms": (end - start) / 1e6,
                }


def _one(value: Any) -> str | None:  # noqa: ANN401 - a string, or the array that header attributes are
    if isinstance(value, Mapping):
        values = value.get("values") or [{}]
        value = next(iter(values[0].values()), None)
    return value if isinstance(value, str) else None
