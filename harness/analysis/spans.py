"""Where a request's time went inside the service, as its spans tell: joined to the client's requests, by their name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from harness.analysis.columns import Array
from harness.analysis.dataset import RunData
from harness.analysis.quantiles import curve
from harness.analysis.timings import AT
from harness.domain.estimate import Known
from harness.domain.trace_context import trace_of
from harness.evidence.regular import lines_in
from harness.platforms.shared.otlp_traces import Span, span_of

ByRequest = Mapping[str, Mapping[str, float]]  # of each trace or request id: ms by the name of the spans


@dataclass(frozen=True)
class SpanTime:
    """Good answers of one target under one profile; all spans of a name in one request are one time."""

    target: str
    profile: str
    name: str
    joined: int  # answers with such a span
    answers: int
    p50_ms: Known
    p95_ms: Known


def spans(target: str, profile: str, runs: Sequence[RunData]) -> tuple[SpanTime, ...]:
    """By name, the longest first; empty where no run has spans. A span of nobody's request is none of these."""
    blocks = [_joined(run) for run in runs]
    names = {name for by_request in blocks for mine in by_request for name in mine}
    answers = sum(map(len, blocks))
    made = []
    for name in names:
        times = [_times(block, name) for block in blocks]
        kept = [block for block in times if len(block)]
        known = dict(curve(kept, AT))
        made.append(SpanTime(target, profile, name, sum(map(len, kept)), answers, *(known[at] for at in AT)))
    return tuple(sorted(made, key=lambda s: (-float(getattr(s.p50_ms, "value", 0.0)), s.name)))


def _times(block: Sequence[Mapping[str, float]], name: str) -> Array:
    return np.array([mine[name] for mine in block if name in mine], dtype=float)


def _joined(run: RunData) -> list[Mapping[str, float]]:
    """Of each good measured answer: by its trace, or where the service began another by the id that it names."""
    found = by_request(run.record.path / "readings") if run.record else {}
    chosen = run.ok & run.measured
    if not found:
        return [{}] * int(chosen.sum())
    ids = [str(i) for i in run.columns["request_id"][chosen]]
    return [found.get(trace_of(i) or i) or found.get(i) or {} for i in ids]


def by_request(readings: Path) -> ByRequest:
    """From every log of one run's folder."""
    out: dict[str, Mapping[str, float]] = {}
    for path in sorted(readings.glob("*.log")):
        out |= _by_request(path, path.lstat().st_mtime_ns)
    return out


@lru_cache(maxsize=512)
def _by_request(path: Path, changed_ns: int) -> ByRequest:
    del changed_ns  # part of the cache's key: a file that was collected anew is read anew
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    whole = [span for line in lines_in(path) if (span := span_of(line)) and span.duration_ms is not None]
    named = {span.trace_id: _request(span) for span in whole if span.request_id and span.trace_id}
    for span in whole:  # one span names the request, its trace the others
        if key := _request(span) or named.get(span.trace_id) or span.trace_id:
            found[key][span.name] += span.duration_ms or 0.0
    return found


def _request(span: Span) -> str | None:
    return trace_of(span.request_id) or span.request_id
