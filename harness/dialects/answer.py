"""Reading an answer as it arrives: what every dialect shares; each fills in the same Sample."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import orjson

from harness.dialects import outcomes
from harness.dialects.framing.events import Event, Framing
from harness.dialects.framing.sse import SseParser
from harness.domain.header_names import USUAL_NAMES, HeaderNames, lowered
from harness.domain.sample import Outcome, Sample

Headers = dict[bytes, bytes]

MOST_BODY_BYTES = 16 * 1024 * 1024


class Answer:
    """The sink of one exchange; ``close`` turns what was seen into the sample's outcome."""

    def __init__(self, sample: Sample, t0: float, names: HeaderNames = USUAL_NAMES) -> None:
        self.sample = sample
        self._names = lowered(names)
        self._t0 = t0
        self._parts: list[bytes] = []
        self._parser: Framing | None = None
        self.status = 0
        self._size = 0
        self._texts: list[bytes] = []
        self._sent_s = sample.sent_s or 0.0
        self._done: dict[str, Any] | None = None
        self._error: dict[str, Any] | None = None
        self._broken: str | None = None
        self.last_read = 0.0
        self.from_instance = False
        self.headers: Headers = {}
        self.refusal: dict[str, Any] = {}  # the error object of an answer that is not a 200

    # -- Sink

    def head(self, status: int, headers: Headers, now: float) -> None:
        s = self.sample
        self.status = s.status = status
        self.headers = headers
        s.headers_s = now - self._t0
        if status in (101, 200):
            self._parser = self.framing(headers.get(b"content-type", b""))
        self._instance(headers, now)
        if retry := headers.get(b"retry-after"):
            s.retry_after_s = _finite(retry)

    def sending(self, sent_s: float) -> None:
        """The request is about to be written, on an open connection."""
        self._sent_s = sent_s

    def body(self, data: bytes, now: float) -> None:
        self._size += len(data)
        self.last_read = now
        if self._parser is None:
            if self._size <= MOST_BODY_BYTES:
                self._parts.append(data)
            return
        for event in self._parser.feed(data):
            self.event(event, now)

    # -- dialect

    def framing(self, content_type: bytes) -> Framing | None:
        """What makes events of a good answer's body; None for a whole answer."""
        return SseParser() if content_type.startswith(b"text/event-stream") else None

    def event(self, event: Event, now: float) -> None:
        raise NotImplementedError

    def whole(self, body: dict[str, Any]) -> None:
        """A 200 JSON answer."""
        raise NotImplementedError

    def finish_stream(self) -> None:
        """The stream has ended cleanly."""
        raise NotImplementedError

    def refused(self, body: bytes) -> dict[str, Any]:
        """The error object of an answer that is not a 200."""
        error = json_object(body).get("error")
        return error if isinstance(error, dict) else {}

    # -- shared

    def close(self) -> tuple[Outcome, str | None]:
        """Outcome and error code of an answer that came whole."""
        self.sample.bytes = self._size
        if self.status not in (101, 200):
            self.refusal = self.refused(b"".join(self._parts))
            code = short_text(self.refusal.get("code"))
            return outcomes.of_answer(self.status, code), code
        if self._parser is not None:
            self.finish_stream()
            if self._error is not None:
                self.refusal = self._error
                code = short_text(self._error.get("code"))
                return outcomes.of_error_event(code), code
            if self._broken is None and self._done is None:
                return Outcome.CUT_STREAM, None
        elif self.sample.stream:
            self._broken = "asked for a stream, got a whole answer"
        else:
            try:
                body = orjson.loads(b"".join(self._parts))
                if not isinstance(body, dict):
                    raise TypeError("the answer is no object")  # noqa: TRY301
                self.whole(body)
            except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
                self._broken = f"{type(error).__name__}: {error}"
        if self._broken is not None:
            self.sample.detail = self._broken[:200]
            return Outcome.BAD_CONTRACT, None
        return Outcome.OK, None

    def partial(self) -> None:
        """The answer did not come whole; keep what is known of it."""
        self.sample.bytes = self._size

    def _instance(self, headers: Headers, now: float) -> None:
        s, names = self.sample, self._names
        if echoed := headers.get(names.request_id):
            s.request_id = echoed.decode("latin-1")
        s.platform_request_id = _latin(headers.get(names.platform_request_id))
        s.instance_id = _latin(headers.get(names.instance_id))
        if s.instance_id is None:
            return
        self.from_instance = True
        s.init_type = _latin(headers.get(names.init_type))
        ordinal = _finite(headers.get(names.instance_requests))
        s.instance_requests = None if ordinal is None else int(ordinal)
        s.instance_age_ms = _finite(headers.get(names.instance_age_ms))
        if s.instance_age_ms is not None:
            # born after the request was written: two durations, so no clocks are compared
            s.cold = s.instance_age_ms <= (now - self._t0 - self._sent_s) * 1000
            s.cold_first = s.cold and s.instance_requests == 1

    def _token(self, data: bytes, now: float) -> None:
        """Note the time of one event that carries text."""
        self._texts.append(data)
        s = self.sample
        at = now - self._t0
        if s.first_token_s is None:
            s.first_token_s = s.last_token_s = at
            s.token_events = s.token_reads = 1
            s.max_gap_s = 0.0
            return
        s.token_events += 1  # type: ignore[operator]
        gap = at - s.last_token_s  # type: ignore[operator]
        if gap > 0.0:  # events of one read share its time
            s.token_reads += 1  # type: ignore[operator]
            s.last_token_s = at
            if gap > s.max_gap_s:  # type: ignore[operator]  # noqa: PLR1730 - a call costs more
                s.max_gap_s = gap

    def _usage(self, usage: object, prompt: str, completion: str) -> None:
        if isinstance(usage, dict):
            self.sample.input_tokens = _whole(usage.get(prompt))
            self.sample.output_tokens = _whole(usage.get(completion))

    def _digest(self, text: str) -> None:
        self.sample.answer_digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def json_object(data: bytes) -> dict[str, Any]:
    """A JSON object, or an empty one."""
    try:
        value = orjson.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def short_text(value: object) -> str | None:
    """A text of bounded length."""
    return value[:80] if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _latin(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _finite(text: bytes | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
