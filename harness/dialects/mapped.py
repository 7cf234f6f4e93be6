"""Answers of a chat API of a team's own, read by the places that its target.toml names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from harness.dialects.answer import Answer
from harness.dialects.framing.choose import PARSERS, framing_of
from harness.dialects.framing.events import EventTooLarge, Malformed
from harness.domain.field_map import text_at, value_at
from harness.domain.header_names import USUAL_NAMES

if TYPE_CHECKING:
    from harness.dialects.framing.events import Event, Framing
    from harness.domain.field_map import FieldMap, Places, StreamMap
    from harness.domain.header_names import HeaderNames
    from harness.domain.sample import Sample

NOTHING: tuple[Any, ...] = (None, False, "", [], {})
COUNTS = ("input_tokens", "output_tokens")


class MappedAnswer(Answer):
    """``mapped``: whatever ``fields`` says."""

    def __init__(self, sample: Sample, t0: float, fields: FieldMap, names: HeaderNames = USUAL_NAMES) -> None:
        super().__init__(sample, t0, names)
        self._fields = fields
        self._stream = fields.stream

    def framing(self, content_type: bytes) -> Framing | None:
        declared = self._stream.framing if self._stream is not None and self.sample.stream else None
        kind = framing_of(content_type, declared)
        return None if kind is None else PARSERS[kind]()

    def body(self, data: bytes, now: float) -> None:
        if self._broken is not None:
            self._size += len(data)
            return
        try:
            super().body(data, now)
        except (EventTooLarge, Malformed) as error:
            self._broken = f"{error}; declared framing: {self._stream.framing}" if self._stream else str(error)

    def event(self, event: Event, now: float) -> None:
        how = self._stream
        if how is None:
            self._broken = "a stream, and mapping.stream does not say how to read it"
        elif how.done_data is not None and event.data == how.done_data.encode():
            self._done = {}
        elif how.text == "" and event.name == how.token_event and how.event_at is None:
            if event.data:
                self._token(event.data, now)
        else:
            value = _value(event.data)
            named = value_at(value, how.event_at)
            self._value(how, named if isinstance(named, str) else event.name, value, now)

    def _value(self, how: StreamMap, name: str, value: Any, now: float) -> None:  # noqa: ANN401 - a JSON value
        if name == how.error_event or (isinstance(value, dict) and value.get("error") not in NOTHING):
            self._error = _coded(value, self._fields.error_code)
            return
        if name == how.token_event and (text := text_at(value, how.text)):
            self._token(text.encode(), now)
        if how.reasoning is not None and name == (how.reasoning_event or how.token_event):
            self._reasoned(text_at(value, how.reasoning), now)
        self._note(value, how.places)
        if name == how.done_event or value_at(value, how.done_at) not in NOTHING:
            self._done = {}

    def finish_stream(self) -> None:
        if self._parser is not None and self._done is None and self._error is None and self._broken is None:
            for event in self._parser.end():
                self.event(event, self.last_read)
            if self._stream is not None and self._stream.ends_itself and not self._parser.cut:
                self._done = {}
        if self._done is not None and not self._texts:
            self._broken = self._broken or "a stream without text"
        self._digest(b"".join(self._texts).decode("utf-8", "replace"))

    def whole(self, body: dict[str, Any]) -> None:
        text = text_at(body, self._fields.answer.text)
        if text is None:
            raise TypeError(f"no text at {self._fields.answer.text}")
        self._digest(text)
        self._note(body, self._fields.answer)

    def refused(self, body: bytes) -> dict[str, Any]:
        return _coded(_value(body), self._fields.error_code)

    def _reasoned(self, text: str | None, now: float) -> None:
        """Text that is thought and not answered; what a dialect keeps of its time is the Answer's own."""
        note = getattr(self, "_reasoning", None)
        if text and note is not None:
            note(now)

    def _note(self, value: Any, places: Places) -> None:  # noqa: ANN401
        if value is None:
            return
        s = self.sample
        for name in COUNTS:
            found = value_at(value, getattr(places, name))
            if isinstance(found, int) and not isinstance(found, bool):
                setattr(s, name, found)
        took = value_at(value, places.model_ms)
        if isinstance(took, int | float) and not isinstance(took, bool):
            s.generation_ms = float(took)
        cited = value_at(value, places.citations)
        if isinstance(cited, list):
            s.citations = " ".join("_".join(str(one).split()) for one in cited)


def _value(data: bytes) -> Any:  # noqa: ANN401 - a JSON value
    try:
        return orjson.loads(data)
    except ValueError:
        return None


def _coded(value: Any, path: str | None) -> dict[str, Any]:  # noqa: ANN401
    """The error object, with the code that the mapping names; numbers are codes too."""
    code = value_at(value, path)
    error = value_at(value, "error") if isinstance(value, dict) else None
    inner = error if isinstance(error, dict) else {}
    if isinstance(code, str | int) and not isinstance(code, bool):
        return {**inner, "code": str(code)}
    return inner
