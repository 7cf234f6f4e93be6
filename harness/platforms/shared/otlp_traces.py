"""Spans from files of OTLP/JSON, as the OpenTelemetry Collector's file exporter writes them: one request a line.

Verified: spec only (the OTLP JSON mapping). What one must know: 64-bit numbers are
strings, ids are hexadecimal, a field that is zero or empty may be left out, an
attribute's value sits under its type's name and may be missing. A span that has not
ended has no duration. It belongs to a request by an attribute that holds its
X-Request-Id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.domain.lines import lines_of
from harness.domain.reading import Absent, Reading, Series, Window
from harness.domain.reasons.reading import NoDuration, NoSpan, NotRead, NotSpans
from harness.platforms.shared.absence import readings
from harness.platforms.shared.answer import Answer, UnknownShape, parsed

REQUEST_ID = "http.request.header.x-request-id"
MOST_PLACES = 3  # of lines that cannot be read, said one by one


@dataclass(frozen=True)
class Span:
    """One span; ``duration_ms`` is None for one that has not ended, or whose clock ran backwards."""

    name: str
    trace_id: str
    request_id: str | None
    start_unix_s: float
    duration_ms: float | None


def span_of(line: str) -> Span | None:
    """One line of the evidence, as ``lines`` writes it; None for what is no span."""
    if not line.startswith("{") or '"trace_id"' not in line:  # a platform's own log lies beside it
        return None
    try:
        said = json.loads(line)
        return Span(**said)
    except (ValueError, TypeError, RecursionError):
        return None


class OtlpTraces:
    """Durations by span name, in the window; ``lines`` keeps each span's request id, name and times."""

    kind = "otlp-traces"
    verified = "spec only"
    settle_s = 60.0

    def __init__(self, path: Path, attribute: str = REQUEST_ID) -> None:
        self._path = path
        self._attribute = attribute
        self._spans: list[Span] = []

    def read(self, window: Window) -> list[Reading]:
        """One series of durations (ms) a span name; each point at its span's start."""
        query = f"{self._path}: spans, requests by {self._attribute}"
        self._spans = []
        return readings(["spans"], query, self.kind, lambda: self._found(window, query))

    def lines(self, window: Window) -> list[str]:
        """The spans of the last reading, a JSON object each."""
        del window
        return [json.dumps(vars(s), sort_keys=True) for s in sorted(self._spans, key=lambda s: s.start_unix_s)]

    def _found(self, window: Window, query: str) -> list[Reading]:
        files = sorted(self._path.glob("*.json*")) if self._path.is_dir() else [self._path]
        spans: list[Span] = []
        unread: list[str] = []
        for file in files:
            try:
                text = file.read_bytes().decode("utf-8-sig", errors="replace")
            except OSError as error:
                return [Absent("spans", NotRead(str(file), error.strerror or ""), query, self.kind, failed=True)]
            found, places = _read(text, self._attribute)
            spans += found
            unread += [f"{file.name}, {place}" for place in places]
        self._spans = [s for s in spans if window.start_unix_s <= s.start_unix_s < window.end_unix_s]
        out: list[Reading] = []
        for name in sorted({s.name for s in self._spans}):
            out += self._of_name(name, query)
        if unread:
            reason = NotSpans(len(unread), tuple(unread[:MOST_PLACES]))
            out.append(Absent("unreadable lines", reason, query, self.kind))
        return out or [Absent("spans", _no_span(spans), query, self.kind)]

    def _of_name(self, name: str, query: str) -> list[Reading]:
        spans = [s for s in self._spans if s.name == name]
        points = sorted((s.start_unix_s, s.duration_ms) for s in spans if s.duration_ms is not None)
        out: list[Reading] = []
        if points:
            out.append(Series(f"span {name}", "ms", tuple(points), query, self.kind))
        if len(points) < len(spans):
            what = "unfinished span" if points else "span"
            out.append(Absent(f"{what} {name}", NoDuration(len(spans) - len(points), len(spans)), query, self.kind))
        return out


def _no_span(spans: list[Span]) -> NoSpan:
    if not spans:
        return NoSpan()
    return NoSpan(len(spans), min(s.start_unix_s for s in spans), max(s.start_unix_s for s in spans))


def _read(text: str, attribute: str) -> tuple[list[Span], list[str]]:
    """Every span, and the places of what is none; a file of one export over many lines is read as that."""
    spans: list[Span] = []
    unread: list[str] = []
    for number, line in enumerate(lines_of(text), start=1):
        if not line.strip():
            continue
        try:
            spans += _spans(parsed(line), attribute, f"line {number}", unread)
        except UnknownShape as error:
            unread.append(f"line {number}: {error}")
    if unread and not spans:
        try:
            whole: list[str] = []
            return list(_spans(parsed(text), attribute, "the file", whole)), whole
        except UnknownShape:
            pass
    return spans, unread


def _spans(request: Answer, attribute: str, place: str, unread: list[str]) -> Iterator[Span]:
    """Of one ExportTraceServiceRequest; a span that cannot be read is said, its neighbours are kept. Raises UnknownShape."""
    if not request["resourceSpans"].given:
        raise UnknownShape("has no resourceSpans")
    for resource in request["resourceSpans"].rows():
        for scope in resource["scopeSpans"].rows():
            for span in scope["spans"].rows():
                try:
                    yield _span(span, attribute)
                except UnknownShape as error:
                    unread.append(f"{place}: {error}")


def _span(span: Answer, attribute: str) -> Span:
    start, end = span["startTimeUnixNano"].whole(), span["endTimeUnixNano"]
    ended = end.whole() if end.given else 0
    said = {a["key"].text(): a["value"] for a in span["attributes"].rows()}
    return Span(
        name=span["name"].text() if span["name"].given else "",
        trace_id=span["traceId"].text() if span["traceId"].given else "",
        request_id=_one(said[attribute]) if attribute in said else None,
        start_unix_s=start / 1e9,
        duration_ms=(ended - start) / 1e6 if ended >= start else None,
    )


def _one(value: Answer) -> str | None:
    """A string, or the first of the array that header attributes are; None for an attribute without a value."""
    array = value["arrayValue"]["values"].rows()
    text = (array[0] if array else value)["stringValue"].value
    return text if isinstance(text, str) else None
