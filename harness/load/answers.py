"""Reading an answer as it arrives: one reader a dialect, both fill in the same Sample."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import orjson

from harness.domain.sample import Outcome, Sample
from harness.domain.sse import Event, SseParser
from harness.domain.target import Dialect
from harness.load import outcomes

if TYPE_CHECKING:
    from harness.load.connection import Headers

MOST_BODY_BYTES = 16 * 1024 * 1024


class Answer:
    """The sink of one exchange; ``close`` turns what was seen into the sample's outcome."""

    def __init__(self, sample: Sample, t0: float) -> None:
        self.sample = sample
        self._t0 = t0
        self._parts: list[bytes] = []
        self._parser: SseParser | None = None
        self.status = 0
        self._size = 0
        self._texts: list[bytes] = []
        self._sent_s = sample.sent_s or 0.0
        self._done: dict[str, Any] | None = None
        self._error: dict[str, Any] | None = None
        self._broken: str | None = None
        self.from_instance = False
        self.headers: Headers = {}
        self.refusal: dict[str, Any] = {}  # the error object of an answer that is not a 200

    # -- Sink

    def head(self, status: int, headers: Headers, now: float) -> None:
        s = self.sample
        self.status = s.status = status
        self.headers = headers
        s.headers_s = now - self._t0
        if status == 200 and headers.get(b"content-type", b"").startswith(b"text/event-stream"):
            self._parser = SseParser()
        self._instance(headers, now)
        if retry := headers.get(b"retry-after"):
            s.retry_after_s = _finite(retry)

    def sending(self, sent_s: float) -> None:
        """The request is about to be written, on an open connection."""
        self._sent_s = sent_s

    def body(self, data: bytes, now: float) -> None:
        self._size += len(data)
        if self._parser is None:
            if self._size <= MOST_BODY_BYTES:
                self._parts.append(data)
            return
        for event in self._parser.feed(data):
            self.event(event, now)

    # -- dialect

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
        error = _object(body).get("error")
        return error if isinstance(error, dict) else {}

    # -- shared

    def close(self) -> tuple[Outcome, str | None]:
        """Outcome and error code of an answer that came whole."""
        self.sample.bytes = self._size
        if self.status != 200:
            self.refusal = self.refused(b"".join(self._parts))
            code = _text(self.refusal.get("code"))
            return outcomes.of_answer(self.status, code), code
        if self._parser is not None:
            self.finish_stream()
            if self._error is not None:
                self.refusal = self._error
                code = _text(self._error.get("code"))
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
        s = self.sample
        if echoed := headers.get(b"x-request-id"):
            s.request_id = echoed.decode("latin-1")
        s.platform_request_id = _latin(headers.get(b"x-platform-request-id"))
        s.instance_id = _latin(headers.get(b"x-instance-id"))
        if s.instance_id is None:
            return
        self.from_instance = True
        s.init_type = _latin(headers.get(b"x-init-type"))
        ordinal = _finite(headers.get(b"x-instance-requests"))
        s.instance_requests = None if ordinal is None else int(ordinal)
        s.instance_age_ms = _finite(headers.get(b"x-instance-age-ms"))
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


class RagChatAnswer(Answer):
    """``rag-chat/1``: citations, tokens, then done or error."""

    def event(self, event: Event, now: float) -> None:
        if self._done is not None or self._error is not None:
            if event.name in ("token", "done", "error", "citations"):
                self._broken = f"event {event.name} after the last one"
            return
        match event.name:
            case "token":
                if self.sample.citations is None:
                    self._broken = "a token before the citations"
                self._token(event.data, now)
            case "citations":
                self._citations(_object(event.data).get("citations"))
            case "done":
                self._done = _object(event.data)
            case "error":
                error = _object(event.data).get("error")
                self._error = error if isinstance(error, dict) else {}

    def finish_stream(self) -> None:
        if self._done is None or self._broken:
            return
        try:
            texts = [row["text"] for row in orjson.loads(b"[" + b",".join(self._texts) + b"]")]
            if not texts or not all(isinstance(t, str) and t for t in texts):
                raise ValueError("a token without text")  # noqa: TRY301
            self._digest("".join(texts))
            self._closing(self._done)
        except (ValueError, TypeError, KeyError) as error:
            self._broken = f"{type(error).__name__}: {error}"

    def whole(self, body: dict[str, Any]) -> None:
        if not isinstance(body["answer"], str):
            raise TypeError("answer is no text")
        self._digest(body["answer"])
        self._citations(body["citations"])
        self._closing(body)

    def _closing(self, body: dict[str, Any]) -> None:
        if not isinstance(body["id"], str) or not isinstance(body["model"], str):
            raise TypeError("id and model must be text")
        self._usage(body["usage"], "input_tokens", "output_tokens")
        timings = body.get("timings") or {}
        for name in ("init_ms", "queue_ms", "retrieval_ms", "model_ttft_ms", "generation_ms"):
            value = timings.get(name)
            setattr(self.sample, name, float(value) if isinstance(value, int | float) else None)

    def _citations(self, value: object) -> None:
        if not isinstance(value, list):
            self._broken = "citations is no list"
            return
        self.sample.citations = " ".join([str(c.get("passage_id")) for c in value if isinstance(c, dict)])


class OpenAiAnswer(Answer):
    """``openai-chat``: chunks with a delta, usage in the last, then ``[DONE]``."""

    def event(self, event: Event, now: float) -> None:
        if event.data == b"[DONE]":
            self._done = {}
            return
        chunk = _object(event.data)
        if "error" in chunk:
            error = chunk["error"]
            self._error = error if isinstance(error, dict) else {}
            return
        self._usage(chunk.get("usage"), "prompt_tokens", "completion_tokens")
        for choice in chunk.get("choices") or ():
            text = (choice.get("delta") or {}).get("content")
            if isinstance(text, str) and text:
                self._token(text.encode(), now)

    def finish_stream(self) -> None:
        if self._done is not None and not self._texts:
            self._broken = "a stream without text"
        self._digest(b"".join(self._texts).decode())

    def whole(self, body: dict[str, Any]) -> None:
        self._digest(str(body["choices"][0]["message"]["content"]))
        self._usage(body.get("usage"), "prompt_tokens", "completion_tokens")


READERS: dict[str, type[Answer]] = {Dialect.RAG_CHAT: RagChatAnswer, Dialect.OPENAI_CHAT: OpenAiAnswer}


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
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
