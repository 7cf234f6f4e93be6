"""What Locust's own pages show while a run goes: response time from the intended send, nothing more is evidence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import locust.stats

from harness.domain.sample import Outcome

if TYPE_CHECKING:
    from locust.env import Environment

    from harness.domain.sample import Sample


class Failed(Exception):
    """A failed request under its outcome's name: a small closed set, so that Locust's error table stays small."""


_FAILURES = {outcome: Failed(outcome.value) for outcome in Outcome}


def three_digits(milliseconds: float) -> float:
    """Three significant digits instead of Locust's two."""
    if milliseconds < 1:
        return round(milliseconds, 2)
    return round(milliseconds, 2 - math.floor(math.log10(milliseconds)))


def install() -> None:
    """Replace Locust's rounding, in this process and those forked from it."""
    locust.stats.bucket_response_time = three_digits  # type: ignore[assignment]


class LiveRows:
    """Main row, and rows of their own outside Aggregated for TTFT and lag."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def __call__(self, sample: Sample) -> None:
        finished, sent = sample.finished_s, sample.sent_s
        if finished is None:
            return
        failure = None if sample.outcome == Outcome.OK else _FAILURES[Outcome(sample.outcome)]
        self._environment.events.request.fire(
            request_type="CHAT",
            name="stream" if sample.stream else "json",
            response_time=(finished - sample.scheduled_s) * 1000,
            response_length=sample.bytes or 0,
            exception=failure,
            context={},
        )
        stats = self._environment.stats
        if sample.first_token_s is not None:
            stats.get("time to first token", "·").log(int((sample.first_token_s - sample.scheduled_s) * 1000), 0)
        if sent is not None:
            stats.get("lag", "·").log(int((sent - sample.scheduled_s) * 1000), 0)
