"""Sentences for what a platform's source does not have."""

from __future__ import annotations

from datetime import UTC, datetime

from harness.domain.reasons import reading as kinds
from harness.words.numbers import counted, verb
from harness.words.speech import Book


def _no_figure(r: kinds.NoFigure) -> str:
    return "no figures in this window" + (
        f"; {counted(r.unread, 'row')} of the file cannot be read" if r.unread else ""
    )


def _not_spans(r: kinds.NotSpans) -> str:
    shown = "; ".join(r.named) + ("; ..." if len(r.named) < r.places else "")
    return f"{r.places} {verb(r.places, 'line or span that is', 'lines or spans that are')} not OTLP/JSON: {shown}"


def _no_span(r: kinds.NoSpan) -> str:
    """Where the file's spans are instead: a clock that is off, or times in another unit, show by it."""
    if not r.elsewhere:
        return "no span in this window"
    between = f"from {_utc(r.first_unix_s)} to {_utc(r.last_unix_s)}"
    return f"no span in this window: {counted(r.elsewhere, 'span')}, {between}"


def _utc(unix_s: float) -> str:
    try:
        return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{unix_s:.3g} s since 1970"


WORDS: Book = {
    kinds.NoPoint: "no data point in this window",
    kinds.NothingPublished: "no data point in this window: nothing happened, or nothing was published",
    kinds.NoSuchSeries: "no data point in this window: the exporter has no such metric, or nothing matches its labels",
    kinds.EmptySeries: "the series has no point",
    kinds.NoResult: "the answer holds no result for this query",
    kinds.NoSuchMetric: "the answer does not hold it: the resource has no such metric",
    kinds.NotAMatrix: "the answer is a {type}, not a matrix",
    kinds.NativeHistogram: (
        "a native histogram, which is not a single number: "
        "query it with histogram_quantile(), histogram_avg() or histogram_count()"
    ),
    kinds.NotAnswered: "{words}",
    kinds.SourceFailed: "unexpected: {error}: {words}",
    kinds.NotRead: "{file}: {words}",
    kinds.NoFigure: _no_figure,
    kinds.NoLog: "no log",
    kinds.NoLine: "no {word} line carries it in this window",
    kinds.NothingInvoked: (
        "no REPORT line in this window: nothing was invoked, or the function writes none (managed instances, log level)"
    ),
    kinds.WebFunction: "a web function: its log has no REPORT line for each request",
    kinds.NoInitFailed: "no init of this window failed, as its reports say",
    kinds.NotSpans: _not_spans,
    kinds.NoSpan: _no_span,
    kinds.NoDuration: "{spans} of {of} spans have no duration: not ended, or before they began",
}
