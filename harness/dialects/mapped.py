"""Answers of a chat API of a team's own, read by the places that its target.toml names."""

from __future__ import annotations

import codecs
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from harness.dialects.answer import Answer
from harness.dialects.errors import EMPTY, error_of, short_text
from harness.dialects.framing.choose import PARSERS, framing_of
from harness.dialects.framing.events import MOST_NAME
from harness.dialects.numbers import count, flag, milliseconds
from harness.dialects.shapes import Unexpected, cited
from harness.domain.bounds import MOST_CITATIONS
from harness.domain.field_map import FramingKind, text_at, value_at
from harness.domain.header_names import USUAL_LOWERED

if TYPE_CHECKING:
    from harness.dialects.answer import Headers
    from harness.dialects.framing.events import Event, Framing
    from harness.dialects.room import Room
    from harness.domain.field_map import FieldMap, Places, StreamMap
    from harness.domain.header_names import Lowered
    from harness.domain.sample import Outcome, Sample

Told = tuple[tuple[str, str], ...]
NOTHING: tuple[Any, ...] = (None, False, "", [], {})
SWITCHED = 101
# Close codes of a WebSocket as the HTTP status that says the same (RFC 6455 and the registry that it began); 44xx is custom.
CLOSED = {1001: 502, 1002: 400, 1003: 400, 1007: 400, 1008: 403, 1009: 413, 1010: 400, 1011: 500, 1012: 503, 1013: 503}
CLOSED |= {1014: 502, 3000: 401, 3003: 403, 3008: 504}
PRIVATE = 4000
TEXT = Answer.kind
MOST_NAMES = 8
FLAGS = ("cached", "degraded")
COUNTS = ("input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens")


class MappedAnswer(Answer):
    """``mapped``: whatever ``fields`` says."""

    objects_only = False

    def __init__(
        self,
        sample: Sample,
        t0: float,
        fields: FieldMap,
        names: Lowered = USUAL_LOWERED,
        room: Room | None = None,
    ) -> None:
        super().__init__(sample, t0, names, room)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._fields = fields
        self._stream = fields.stream
        self._said_why: str | None = None
        self._seen: set[str] = set()  # names of events
        self._told = told_by(fields.stream.places) if fields.stream is not None else ()

    def head(self, status: int, headers: Headers, now: float) -> None:
        super().head(status, headers, now)
        if status == SWITCHED and not headers:
            self.sample.headers_s = None  # a WebSocket that was open already answers with messages alone

    def framing(self, content_type: bytes) -> Framing | None:
        declared = self._stream.framing if self._stream is not None and self.sample.stream else None
        if (declared is FramingKind.WEBSOCKET) != (self.status == SWITCHED):
            return None  # an answer to the upgrade that is not a WebSocket
        kind = framing_of(content_type, declared)
        return None if kind is None else PARSERS[kind]()

    def event(self, event: Event, now: float) -> None:
        how = self._stream
        if how is None:
            self._note_broken("a stream, and mapping.stream does not say how to read it")
        elif how.done_data is not None and event.data == how.done_data.encode():
            self._done = {}
        elif how.text == "" and event.name == how.token_event and how.event_at is None:
            if event.data:
                self._token(event.data, now)
        else:
            value, name = _value(event.data), event.name
            if how.event_at is not None and isinstance(named := value_at(value, how.event_at), str):
                name = named
            self._value(how, name, value, now)

    def _value(self, how: StreamMap, name: str, value: Any, now: float) -> None:  # noqa: ANN401 - a JSON value
        if len(self._seen) < MOST_NAMES:
            self._seen.add(name[:MOST_NAME])
        if (error := self._error_in(how, name, value)) is not None:
            self._error = error
            return
        if name == how.token_event and (text := text_at(value, how.text)):
            self._token(text.encode(), now)
        if how.reasoning and name == (how.reasoning_event or how.token_event) and text_at(value, how.reasoning):
            self._reasoning(now)
        if self._told:
            self._note(value, self._told)
        if name == how.done_event or (how.done_at is not None and value_at(value, how.done_at) not in NOTHING):
            self._done = {}

    def _error_in(self, how: StreamMap, name: str, value: Any) -> dict[str, Any] | None:  # noqa: ANN401
        if name == (how.error_event or "error") and name not in (how.token_event, how.done_event):
            return _coded(value, self._fields.error_code)
        if how.error_at is not None and value_at(value, how.error_at) not in NOTHING:
            return _coded(value, self._fields.error_code)
        return self.failure(value)

    def finish_stream(self) -> None:
        ends = self._stream is not None and self._stream.ends_itself
        if self._done is None and ends and self._framing is not None and not self._framing.cut:
            self._done = {}
        if self._done is not None and not self.sample.token_events and self.kind == TEXT:
            seen = ", ".join(sorted(self._seen)) or "none with a value"
            only = "" if self.sample.first_reasoning_s is None else ", only reasoning"
            self._note_broken(f"a stream without text{only}: events were {seen}")
        self._fold()
        self._digest(self._decoder.decode(b"", final=True))

    def _text_of(self, texts: list[bytes]) -> bytes:
        return self._decoder.decode(b"".join(texts)).encode()

    def closed(self, code: int, reason: str, now: float) -> None:
        """A WebSocket was closed with a code that says why there is no more."""
        if not self.over:
            status = CLOSED.get(code, code - PRIVATE if PRIVATE + 400 <= code < PRIVATE + 600 else 500)
            self._error = {"code": str(code), "status": status, "message": reason[:200]}
            self._said_why = f"closed with {code} {reason}".strip()
            self._ended(now)

    def close(self) -> tuple[Outcome, str | None]:
        outcome, code = super().close()
        if self._said_why is not None:
            self.sample.detail = self._said_why[:200]
        return outcome, code

    def lacking(self) -> str:
        how = self._stream
        if how is None or how.ends_itself:
            return "the stream ended in the middle of an event"
        said = {"done_event": how.done_event, "done_data": how.done_data, "done_at": how.done_at}
        wanted = " or ".join(f"{name} = {value}" for name, value in said.items() if value is not None)
        return f"the stream ended without its end ({wanted})"

    def _conclude_whole(self, data: bytes) -> None:
        if self._fields.answer.text != "" or self.sample.stream:
            super()._conclude_whole(data)
        elif not data:
            raise Unexpected("the answer is empty")
        else:
            self._error = self.failure(_value(data))
            self._digest(data.decode("utf-8", "replace"))

    def whole(self, body: Any) -> None:  # noqa: ANN401 - a JSON value
        self._note(body, told_by(self._fields.answer))
        text = text_at(body, self._fields.answer.text)
        if not text and self.kind == TEXT:
            raise Unexpected(f"no text at {self._fields.answer.text}")
        self._digest(text or "")

    def failure(self, body: object) -> dict[str, Any] | None:
        if (path := self._fields.error_code) is not None:
            code = short_text(value_at(body, path))
            if code is not None and code.strip().lower() not in EMPTY:
                return _coded(body, path)
        return super().failure(body)

    def refused(self, body: bytes) -> dict[str, Any]:
        return _coded(_value(body), self._fields.error_code)

    def _note(self, value: Any, told: Told) -> None:  # noqa: ANN401
        s = self.sample
        for name, path in told:
            found = value_at(value, path)
            if found is None:
                continue
            if name in FLAGS:
                setattr(s, name, flag(found))
            elif name in COUNTS:
                setattr(s, name, count(found, path))
            elif name == "model_ms":
                s.generation_ms = milliseconds(found, path)
            elif name == "model":
                self._model(found)
            elif name == "tool_calls" and _holds_something(found):
                self.kind = "tool_calls"
            elif name == "citations" and isinstance(found, list):
                s.citations = cited(["_".join(str(one).split()) for one in found[: MOST_CITATIONS + 1]])


@cache
def told_by(places: Places) -> Told:
    """Names and paths of what the places hold beside the text."""
    return tuple((f.name, path) for f in fields(places) if f.name != "text" and (path := getattr(places, f.name)))


def _holds_something(found: Any) -> bool:  # noqa: ANN401
    return any(one not in NOTHING for one in found) if isinstance(found, list) else found not in NOTHING


def _value(data: bytes) -> Any:  # noqa: ANN401 - a JSON value
    try:
        return orjson.loads(data)
    except ValueError:
        return None


def _coded(value: Any, path: str | None) -> dict[str, Any]:  # noqa: ANN401
    """The error, with the code that stands where the mapping says, a number too."""
    code = short_text(value_at(value, path))
    return error_of(value) if code is None else {**error_of(value), "code": code}
