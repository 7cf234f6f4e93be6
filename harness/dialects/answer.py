"""Reading an answer as it arrives: what every dialect shares; each fills in the same Sample."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.dialects import outcomes
from harness.dialects.errors import code_of, error_in, error_of
from harness.dialects.framing.events import Event, Framing, Malformed
from harness.dialects.framing.sse import SseParser
from harness.dialects.gateways import gateway_says
from harness.dialects.kept import Kept
from harness.dialects.numbers import count, finite, flag, in_header
from harness.dialects.retry_after import retry_after_s, should_retry
from harness.dialects.room import Place, Room
from harness.dialects.shapes import Unexpected, json_value, wanted
from harness.domain.bounds import (
    FOLD_BYTES,
    INSTANCE_AGE_MS,
    INSTANCE_REQUESTS,
    MEMORY_MB,
    MIB,
    MOST_DETAIL,
    MOST_EVENTS,
    MOST_HEADER_TEXT,
    MOST_MODEL,
    OWN_BYTES,
    STREAM_BYTES,
    WHOLE_BYTES,
)
from harness.domain.header_names import USUAL_LOWERED, Lowered
from harness.domain.headers import is_packed
from harness.domain.sample import Outcome, Sample

if TYPE_CHECKING:
    from hashlib import blake2b

Headers = dict[bytes, bytes]

OK_STATUSES = (200, 101)  # the second of a WebSocket alone


class Answer:
    """The sink of one exchange; ``close`` turns what was seen into the sample's outcome.

    A dialect says how an ``event`` and a ``whole`` answer are read, may choose the ``framing``
    of a streamed body, and notes what it sees: ``_done`` at the stream's own end, ``_error`` for
    an error inside a 200, ``_broken`` for anything against the contract (or raises Unexpected),
    ``_token`` and ``_reasoning`` for text. Once ``_done`` or ``_error`` is set the answer is
    ``over``: nothing that follows is read, however it was split.

    Nothing that a target sends raises beyond this class: what cannot be read, for whatever reason, is
    against the contract. What it keeps is bounded (domain/bounds.py): ``leave`` gives its room back.
    """

    kind = "text"  # of a good answer: ``tool_calls`` and ``refusal`` are others
    objects_only = True  # a whole answer is an object; else any JSON value
    most_bytes = WHOLE_BYTES  # of a whole one

    def __init__(self, sample: Sample, t0: float, names: Lowered = USUAL_LOWERED, room: Room | None = None) -> None:
        self.sample = sample
        self._names = names
        self.over = False  # the answer's own end has come, whatever the connection does
        self._t0 = t0
        self._whole: bytes | bytearray = b""
        self._room = room
        self._place: Place | None = None
        self._framing: Framing | None = None
        self._feed: Callable[[bytes], list[Event]] | None = None
        self.status = 0
        self._size = 0
        self._events = 0
        self._texts: list[bytes] = []  # not yet folded into the digest
        self._hash: blake2b | None = None
        self._kept: Kept | None = None  # the text itself, of an answer that is graded
        self._fold_at = FOLD_BYTES
        self._sent_s = sample.sent_s or 0.0
        self._done: dict[str, Any] | None = None
        self._error: dict[str, Any] | None = None
        self._broken: str | None = None
        self._type = b""
        self._now = t0  # of the last read
        self.from_instance = False
        self.headers: Headers = {}
        self.refusal: dict[str, Any] = {}  # the error of an answer that failed

    # -- Sink

    def head(self, status: int, headers: Headers, now: float) -> None:
        s = self.sample
        self.status = s.status = status
        self.headers = headers
        s.headers_s = now - self._t0
        if status in OK_STATUSES:
            s.cached, s.degraded = gateway_says(headers)
            self._type = media_type(headers.get(b"content-type", b""))
            encoding = headers.get(b"content-encoding")
            if encoding and is_packed(encoding.decode("latin-1")):
                self._broken = f"content-encoding {encoding.decode('latin-1').lower()}, though identity was asked for"
            else:
                self._framing = framing = self.framing(self._type)
                self._feed = None if framing is None else framing.feed
        else:
            s.retry_after_s = retry_after_s(headers)
        try:
            self._instance(headers, now)
        except Unexpected as error:
            self._note_broken(str(error))

    def sending(self, sent_s: float) -> None:
        """The request is about to be written, on an open connection."""
        self._sent_s = sent_s

    def body(self, data: bytes, now: float) -> None:
        self._size += len(data)
        if self.over:
            return
        self._now = now
        feed = self._feed
        if feed is None:
            self._keep(data, now)
            return
        try:
            events = feed(data)
            assert self._framing is not None
            if (held := self._framing.held) > OWN_BYTES:
                self.hold(held)
        except (Malformed, Unexpected) as error:
            self._broken_off(str(error), now)
            return
        for event in events:
            try:
                self.event(event, now)
            except Exception as error:  # noqa: BLE001 - whatever an unexpected shape raises
                self._note_broken(_words(error))
            if self._done is not None or self._error is not None:
                self._ended(now)
                return
        self._events += len(events)
        if self._size > self._fold_at or self._events > MOST_EVENTS:
            self._take_stock(now)

    def _keep(self, data: bytes, now: float) -> None:
        """A piece of a whole answer."""
        if self._size > self.most_bytes:
            self._broken_off(f"the answer is larger than {self.most_bytes // MIB} MiB", now)
            return
        if not self._whole:
            self._whole = data  # nearly always all of it
        else:
            self._whole = bytearray(self._whole) if isinstance(self._whole, bytes) else self._whole
            self._whole += data
        if self._size > OWN_BYTES:
            try:
                self.hold(self._size)
            except Unexpected as error:
                self._broken_off(str(error), now)

    def _take_stock(self, now: float) -> None:
        """Of a stream that goes on: its text is not kept, and it has to end some time."""
        self._fold_at = self._size + FOLD_BYTES
        assert self._framing is not None
        self.hold(self._framing.held)  # which may have become less
        self._fold()
        if self._size > STREAM_BYTES:
            self._broken_off(f"a stream of more than {STREAM_BYTES // MIB} MiB", now)
        elif self._events > MOST_EVENTS:
            self._broken_off(f"a stream of more than {MOST_EVENTS:,} events", now)

    def _broken_off(self, words: str, now: float) -> None:
        """Nobody waits for its end, and what came of it is forgotten."""
        self._note_broken(words)
        self._ended(now)
        self._whole = b""
        self._texts.clear()
        self.leave()

    def keep_text(self) -> None:
        """It will be graded: what it says is kept beside its digest."""
        self._kept = Kept()

    @property
    def text(self) -> str | None:
        """What it said, where that was kept and is no longer than anyone grades."""
        return None if self._kept is None else self._kept.text

    # -- dialect

    def framing(self, content_type: bytes) -> Framing | None:
        """How a streamed body of this type (lower case, no parameters) is cut into events; None for a whole answer."""
        return SseParser() if content_type == b"text/event-stream" else None

    def event(self, event: Event, now: float) -> None:
        raise NotImplementedError

    def whole(self, body: dict[str, Any]) -> None:
        """A 200 JSON answer without an error in it."""
        raise NotImplementedError

    def finish_stream(self) -> None:
        """The stream has ended, by itself or with the body; ``_error`` is not set."""
        raise NotImplementedError

    def lacking(self) -> str:
        """What a stream that ended without its own end did not have."""
        return "the stream ended without its last event"

    def failure(self, body: object) -> dict[str, Any] | None:
        """The error that the JSON body of a 200 carries, None for one that carries none."""
        return error_in(body)

    def refused(self, body: bytes) -> dict[str, Any]:
        """The error of an answer that is not a 200; empty where its body tells nothing."""
        try:
            return error_of(json_value(body, "the answer"))
        except Unexpected:
            return {}

    # -- shared

    def close(self) -> tuple[Outcome, str | None]:
        """Outcome and error code of an answer that came whole."""
        s = self.sample
        s.bytes = self._size
        if self.status not in OK_STATUSES:
            return self._refused()
        try:
            self._conclude()
        except Exception as error:  # noqa: BLE001 - whatever an unexpected shape raises
            self._note_broken(_words(error))
        if self._error is not None:
            self.refusal = self._error
            s.detail = f"an error inside a {self.status}"
            s.retry_after_s = retry_after_s(self.headers)
            return outcomes.of_error(self._error), code_of(self._error)
        if self._broken is None and self._framing is not None and self._done is None:
            s.detail = self.lacking()[:MOST_DETAIL]
            return Outcome.CUT_STREAM, None
        if self._broken is not None:
            s.detail = self._broken[:MOST_DETAIL]
            return Outcome.BAD_CONTRACT, None
        s.answer_kind = self.kind
        return Outcome.OK, None

    def partial(self) -> None:
        """The answer did not come whole; keep what is known of it."""
        self.sample.bytes = self._size

    def cut_off(self) -> tuple[Outcome, str | None]:
        """Outcome and error code of an answer whose connection ended before it did: a refusal's status says enough."""
        self.partial()
        if self.status in (0, *OK_STATUSES):
            return (Outcome.CUT_STREAM if self.status else Outcome.CONNECTION_ERROR), None
        return self._refused()

    def hold(self, size: int) -> None:
        """What the wire keeps for it before it hands it over; raises Unexpected where there is no room."""
        if self._place is None:
            self._place = (self._room or Room()).place()
        self._place.hold(size)

    def leave(self) -> None:
        """It has ended, whatever became of it: what it held is free for others."""
        if self._place is not None:
            self._place.leave()

    def _refused(self) -> tuple[Outcome, str | None]:
        try:
            found = self.refused(bytes(self._whole))
        except Exception:  # noqa: BLE001 - its status says enough
            found = {}
        error = self.refusal = _with_type(found, self.headers)
        outcome = outcomes.of_answer(self.status, error)
        if outcome is Outcome.BAD_CONTRACT:
            self.sample.detail = f"status {self.status}, not 200"
        return outcome, code_of(error)

    @property
    def should_retry(self) -> bool | None:
        """What the server asks a client that retries to do."""
        return should_retry(self.headers)

    def _conclude(self) -> None:
        """Read what only the end makes whole."""
        if self._framing is not None:
            self._conclude_stream(self._framing)
        elif self._broken is None:  # else its encoding cannot be read, or it was broken off
            self._conclude_whole(bytes(self._whole))

    def _conclude_stream(self, framing: Framing) -> None:
        if not self.over:
            self._feed = lambda _: framing.end()
            self.body(b"", self._now)
        if self._error is None and not self.sample.stream:
            self._broken = None
            raise Unexpected(f"asked for a whole answer, got a stream ({self._said_type()})")
        if self._error is None:
            self.finish_stream()

    def _conclude_whole(self, data: bytes) -> None:
        try:
            body = json_value(data, "the answer")
        except Unexpected as error:
            if self.sample.stream:
                raise self._no_stream() from None
            raise Unexpected(f"{error} ({self._said_type()})") from None
        self._error = self.failure(body)
        if self._error is not None:
            return
        if self.sample.stream:
            raise self._no_stream()
        self.whole(wanted(body, dict, "the answer") if self.objects_only else body)

    def _no_stream(self) -> Unexpected:
        return Unexpected(f"asked for a stream, got a whole answer ({self._said_type()})")

    def _ended(self, now: float) -> None:
        self.over = True
        self.sample.finished_s = now - self._t0

    def _note_broken(self, words: str) -> None:
        """The first thing that was wrong counts."""
        if self._broken is None:
            self._broken = words

    def _said_type(self) -> str:
        said = f"content-type {self._type.decode('latin-1')[:MOST_HEADER_TEXT]}" if self._type else "no content-type"
        encoding = self.headers.get(b"content-encoding")  # of a name that nobody has registered, for others are refused
        return f"{said}, content-encoding {encoding.decode('latin-1')[:MOST_HEADER_TEXT]}" if encoding else said

    def _instance(self, headers: Headers, now: float) -> None:
        s, names = self.sample, self._names
        if echoed := headers.get(names.request_id):
            s.request_id = _latin(echoed)
        s.platform_request_id = _latin(headers.get(names.platform_request_id))
        if names.route in headers:
            self._routed(headers)
        s.instance_id = _latin(headers.get(names.instance_id))
        if s.instance_id is None:
            return
        self.from_instance = True
        s.init_type = _latin(headers.get(names.init_type))
        ordinal = in_header(headers.get(names.instance_requests), names.instance_requests, INSTANCE_REQUESTS)
        s.instance_requests = None if ordinal is None else int(ordinal)
        s.instance_age_ms = in_header(headers.get(names.instance_age_ms), names.instance_age_ms, INSTANCE_AGE_MS)
        held = finite(headers.get(names.instance_memory_mb))  # no part of a contract that others keep: told or not
        s.instance_memory_mb = held if held is not None and held in MEMORY_MB else None
        if s.instance_age_ms is not None:
            # born after the request was written: two durations, so no clocks are compared
            s.cold = s.instance_age_ms <= (now - self._t0 - self._sent_s) * 1000
            s.cold_first = s.cold and s.instance_requests == 1

    def _routed(self, headers: Headers) -> None:
        """What a router says of itself."""
        s, names = self.sample, self._names
        s.route, s.route_from = _latin(headers.get(names.route)), _latin(headers.get(names.route_from))
        s.router_ms = in_header(headers.get(names.router_ms), names.router_ms, INSTANCE_AGE_MS)

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

    def _reasoning(self, now: float) -> None:
        """Note the time of an event that carries what the model thinks, which is not yet its answer."""
        if self.sample.first_reasoning_s is None:
            self.sample.first_reasoning_s = now - self._t0

    def _model(self, name: object) -> None:
        """Which model answered, for what its tokens cost; the last that is named counts."""
        if isinstance(name, str) and name:
            self.sample.model = name[:MOST_MODEL]

    def _quality(self, cached: object, degraded: object) -> None:
        """Whether it came from a cache or a fallback, as its body says; a header said so already where one did."""
        if cached is not None:
            self.sample.cached = flag(cached)
        if degraded is not None:
            self.sample.degraded = flag(degraded)

    def _usage(self, usage: object, prompt: str, completion: str) -> None:
        if not isinstance(usage, dict):
            return
        s = self.sample
        s.input_tokens = count(usage.get(prompt), f"usage.{prompt}")
        s.output_tokens = count(usage.get(completion), f"usage.{completion}")
        if (cached := usage.get("cached_input_tokens")) is not None:
            s.cached_tokens = count(cached, "usage.cached_input_tokens")
        before = usage.get(f"{prompt}_details")
        if isinstance(before, dict):
            s.cached_tokens = count(before.get("cached_tokens"), f"usage.{prompt}_details.cached_tokens")
        details = usage.get(f"{completion}_details")
        if isinstance(details, dict):
            told = count(details.get("reasoning_tokens"), f"usage.{completion}_details.reasoning_tokens")
            s.reasoning_tokens = told

    def _fold(self) -> None:
        """What has come of a stream's text goes into its digest, and is kept no longer."""
        if self._texts:
            try:
                text = self._text_of(self._texts)
            except Exception as error:  # noqa: BLE001 - whatever an unexpected shape raises
                self._note_broken(_words(error))
            else:
                self._hash = self._hash or hashlib.blake2b(digest_size=8)
                self._hash.update(text)
                if self._kept is not None:
                    self._kept.add(text)
            self._texts = []

    def _text_of(self, texts: list[bytes]) -> bytes:
        """The text of these events, in UTF-8."""
        return b"".join(texts)

    def _digest(self, text: str = "") -> None:
        """Of a whole answer's text, or of what a stream's events held."""
        self._fold()
        made = self._hash or hashlib.blake2b(digest_size=8)
        made.update(text.encode())
        if self._kept is not None:
            self._kept.add(text.encode())
        self.sample.answer_digest = made.hexdigest()


@functools.lru_cache(64)
def media_type(content_type: bytes) -> bytes:
    """Without parameters, in lower case: media types know no case (RFC 9110, 8.3.1)."""
    return content_type.partition(b";")[0].strip().lower()


def _with_type(error: dict[str, Any], headers: Headers) -> dict[str, Any]:
    """With what AWS names in a header, and often nowhere else: ``ThrottlingException:http://…``."""
    named = headers.get(b"x-amzn-errortype")
    return error if named is None else {"__type": named.decode("latin-1").partition(":")[0], **error}


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, Unexpected) else f"{type(error).__name__}: {error}"


def _latin(value: bytes | None) -> str | None:
    return None if value is None else value[:MOST_HEADER_TEXT].decode("latin-1")
