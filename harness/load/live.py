"""What Locust's own pages show while a run goes: response time from the intended send, nothing more is evidence.

Samples are counted as they come and folded into Locust's statistics twice a
second: its own logging costs more per request than everything else we do. Where
somebody listens to ``events.request``, the event is fired for each sample instead.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import locust.stats
from locust.stats import StatsEntry

from harness.domain.sample import REFUSALS, Outcome
from harness.load.row_names import METHOD, NAMES

if TYPE_CHECKING:
    from locust.env import Environment

    from harness.domain.sample import Sample

APART = "·"  # the method column of rows that are no part of Aggregated


class Failed(Exception):
    """A failed request under its outcome's name: a small closed set, so that Locust's error table stays small."""


_FAILURES = {outcome.value: Failed(outcome.value) for outcome in Outcome}


def three_digits(milliseconds: float) -> float:
    """Three significant digits instead of Locust's two."""
    if milliseconds < 1:
        return round(milliseconds, 2)
    return round(milliseconds, 2 - math.floor(math.log10(milliseconds)))


def install() -> None:
    """Replace Locust's rounding, in this process and those forked from it."""
    locust.stats.bucket_response_time = three_digits  # type: ignore[assignment]


class Row:
    """Counts of one row since it was last folded."""

    __slots__ = ("_count", "_failed", "_keys", "_least", "_length", "_most", "_total", "_values")

    def __init__(self) -> None:
        self._keys: dict[int, float] = {}
        self._clear()

    def _clear(self) -> None:
        self._count = self._failed = self._length = 0
        self._total, self._least, self._most = 0.0, math.inf, 0.0
        self._values: dict[float, int] = defaultdict(int)

    def add(self, seconds: float, length: int = 0) -> None:
        ms = seconds * 1000
        self._count += 1
        self._total += ms
        self._length += length
        if ms < self._least:  # noqa: PLR1730 - a call costs more
            self._least = ms
        if ms > self._most:  # noqa: PLR1730
            self._most = ms
        fine = int(ms * 100)
        key = self._keys.get(fine)
        if key is None:
            if len(self._keys) > 20_000:
                self._keys.clear()
            key = self._keys[fine] = three_digits(ms)
        self._values[key] += 1

    def fail(self) -> None:
        self._failed += 1

    def fold_into(self, *entries: StatsEntry) -> None:
        """Add what was counted to Locust's own rows."""
        if not self._count:
            return
        now = time.time()
        for entry in entries:
            more = StatsEntry(entry.stats, entry.name, entry.method)
            more.start_time = entry.start_time
            more.num_requests, more.num_failures = self._count, self._failed
            more.total_response_time, more.total_content_length = self._total, self._length  # type: ignore[assignment]
            more.min_response_time, more.max_response_time = self._least, self._most  # type: ignore[assignment]
            more.response_times = self._values  # type: ignore[assignment]
            more.last_request_timestamp = now
            more.num_reqs_per_sec[int(now)] = self._count
            if self._failed:
                more.num_fail_per_sec[int(now)] = self._failed
            entry.extend(more)
        self._clear()


class LiveRows:
    """Main row, and rows of their own outside Aggregated for TTFT, service time, lag and what was throttled."""

    def __init__(self, environment: Environment, method: str = METHOD) -> None:
        self._environment = environment
        self._method = method
        self._rows: dict[tuple[str, str], Row] = {}
        self._errors: dict[tuple[str, str], int] = defaultdict(int)
        handlers: list[Any] = environment.events.request._handlers  # noqa: SLF001 - no other way to ask
        self._listened = len(handlers) > 1  # the runner's own is always there

    def __call__(self, sample: Sample) -> None:
        finished, sent, due = sample.finished_s, sample.sent_s, sample.scheduled_s
        if finished is None:
            return
        name = NAMES.get(self._method) or ("stream" if sample.stream else "json")
        if self._listened:
            self._fire(sample, name, finished - due)
        else:
            row = self._row(self._method, name)
            row.add(finished - due, sample.bytes or 0)
            if sample.outcome != "ok":
                row.fail()
                self._errors[name, str(sample.outcome)] += 1
        if sample.first_token_s is not None:
            self._row(APART, "time to first token").add(sample.first_token_s - due)
        if sent is not None:
            self._row(APART, "service time").add(finished - sent)
            self._row(APART, "lag").add(sent - due)
        if sample.outcome in REFUSALS:
            self._row(APART, "throttled").add(finished - due)

    def _row(self, method: str, name: str) -> Row:
        row = self._rows.get((method, name))
        if row is None:
            row = self._rows[method, name] = Row()
        return row

    def _fire(self, sample: Sample, name: str, response_s: float) -> None:
        self._environment.events.request.fire(
            request_type=self._method,
            name=name,
            response_time=response_s * 1000,
            response_length=sample.bytes or 0,
            exception=None if sample.outcome == "ok" else _FAILURES[str(sample.outcome)],
            context={},
        )

    def fold(self) -> None:
        """Show what has come since the last call."""
        stats = self._environment.stats
        for (method, name), row in self._rows.items():
            entry = stats.get(name, method)
            row.fold_into(*((stats.total, entry) if method == self._method else (entry,)))
        for (name, outcome), count in self._errors.items():
            key = locust.stats.StatsError.create_key(self._method, name, _FAILURES[outcome])
            error = stats.errors.get(key)
            if error is None:
                error = stats.errors[key] = locust.stats.StatsError(self._method, name, _FAILURES[outcome])
            error.occurred()
            error.occurrences += count - 1
        self._errors.clear()
