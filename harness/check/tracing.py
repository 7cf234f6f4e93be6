"""One request followed through a target: is it in the platform's log, its traces, its metrics, or where did it get lost."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.check.asking import asker_of
from harness.check.contract_check import Answer, Check
from harness.check.symptoms import quoted, words_of
from harness.domain.reading import Absent, LineSource, MetricSource, Series, Window
from harness.domain.sample import Outcome
from harness.domain.target import Target
from harness.platforms.shared.absence import ask
from harness.words import said

LOOK_AGAIN_S = 2.0
AROUND_S = 60.0  # clocks differ, and a minute's point is named by its start


@dataclass(frozen=True)
class TracedRequest:
    """The request as it went out and came back; ``ids`` are what a line may carry of it."""

    ids: tuple[str, ...]
    window: Window
    checks: tuple[Check, ...]
    outcome: str = Outcome.CONNECTION_ERROR.value  # as a run would count it


def send(
    target: Target, url: str, now: Callable[[], float] = time.time, *, stream: bool | None = None
) -> TracedRequest:
    """One chat request in the target's dialect, with a request id and a W3C trace context of its own.

    ``stream`` None: as its API answers by itself.
    """
    request_id, trace_id = f"pilot-trace-{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
    names = target.header_names
    headers = {names.request_id: request_id, "traceparent": f"00-{trace_id}-{uuid.uuid4().hex[:16]}-01"}
    began = now()
    socket = target.fields is not None and target.fields.websocket is not None
    streams = target.fields is not None and not target.fields.answers_whole if stream is None else stream
    with asker_of(target, url) as asker:
        if socket:  # whose messages carry no headers
            asked = asker.ask(stream=True)
            request_id = asked.sent.request_id
        else:
            asked = asker.ask_with(headers, stream=streams)
    window = Window(began - AROUND_S, now() + AROUND_S)
    if not asked.answered:
        failed = Check("The request is answered", Answer.FAIL, words_of(asked))
        return TracedRequest((request_id, trace_id), window, (failed,), str(asked.sample.outcome))
    ok = asked.sample.outcome == Outcome.OK
    said = Check(
        "The request is answered",
        Answer.PASS if ok else Answer.FAIL,
        "" if ok else words_of(asked),
        said=None if ok else quoted(asked.said),
    )
    echoed = asked.said.header(names.request_id.lower()) == request_id
    echo = Check(
        "Its id comes back",
        Answer.PASS if echoed else Answer.FAIL,
        request_id if echoed else "the service got another id or none: look at what stands in front of it",
    )
    platform_id = asked.said.header(names.platform_request_id.lower())
    ids = (request_id, trace_id, *([platform_id] if platform_id else ()))
    return TracedRequest(ids, window, (said, echo), str(asked.sample.outcome))


class Seen(StrEnum):
    """What a source knows of a request."""

    FOUND = "found"
    POINTS = "points of that time, which carry no id"
    LATER = "it settles later"
    UNREAD = "no answer"
    LOST = "lost"


STRICT: Mapping[Seen, Answer] = {  # of a question whether this very request is there
    Seen.FOUND: Answer.PASS,
    Seen.POINTS: Answer.UNKNOWN,
    Seen.LATER: Answer.UNKNOWN,
    Seen.UNREAD: Answer.UNKNOWN,
    Seen.LOST: Answer.FAIL,
}


def follow(
    sent: TracedRequest,
    sources: Mapping[str, MetricSource],
    within_s: float,
    *,
    answers: Mapping[Seen, Answer] = STRICT,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Check]:
    """Look into each source until the request is there or the time is over; a source that settles later is said to."""
    out = []
    deadline = clock() + within_s
    for name, source in sources.items():
        while True:
            seen, words = _look(source, sent)
            told = seen is Seen.FOUND or (seen is Seen.POINTS and not _names_requests(source))
            if told or source.settle_s > within_s or clock() >= deadline:
                break
            sleep(LOOK_AGAIN_S)
        if seen is not Seen.FOUND and source.settle_s > within_s:
            seen = Seen.UNREAD if seen is Seen.UNREAD else Seen.LATER
            words = f"{words}; it settles after {source.settle_s / 60:g} min, look again with --wait"
        out.append(Check(f"{name}: it is there", answers[seen], words))
    return out


def _names_requests(source: MetricSource) -> bool:
    """Whether it has lines that name their request; a source of other lines says that it has not."""
    return isinstance(source, LineSource) and bool(getattr(source, "names_requests", True))


def _look(source: MetricSource, sent: TracedRequest) -> tuple[Seen, str]:
    readings = ask(source, sent.window)
    if failed := [r for r in readings if isinstance(r, Absent) and r.failed]:
        return Seen.UNREAD, said(failed[0].reason)
    points = sum(len(r.points) for r in readings if isinstance(r, Series))
    if _names_requests(source):
        assert isinstance(source, LineSource)
        lines = source.lines(sent.window)
        if any(one in line for line in lines for one in sent.ids):
            return Seen.FOUND, "by its id"
        if lines:
            words = f"{len(lines)} lines of that time, none with {' or '.join(sent.ids)}: its id got lost on the way to the log"
            return Seen.LOST, words
    if points:
        return Seen.POINTS, f"{points} points of that time, and points carry no id"
    return Seen.LOST, "nothing of that time: it got lost between the service and this source"
