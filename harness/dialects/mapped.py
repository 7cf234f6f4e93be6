"""Answers of a chat API of a team's own, read by the places that its target.toml names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from harness.dialects.answer import Answer
from harness.dialects.errors import error_of, short_text
from harness.dialects.shapes import Unexpected
from harness.domain.field_map import value_at

if TYPE_CHECKING:
    from harness.dialects.framing.sse import Event
    from harness.domain.field_map import FieldMap, Places
    from harness.domain.sample import Sample


class MappedAnswer(Answer):
    """``mapped``: whatever ``fields`` says."""

    def __init__(self, sample: Sample, t0: float, fields: FieldMap) -> None:
        super().__init__(sample, t0)
        self._fields = fields
        self._stream = fields.stream

    def event(self, event: Event, now: float) -> None:
        how = self._stream
        if how is None:
            self._note_broken("a stream, and mapping.stream does not say how to read it")
            return
        if how.done_data is not None and event.data == how.done_data.encode():
            self._done = {}
            return
        value = _value(event.data)
        if event.name == (how.error_event or "error") and event.name not in (how.token_event, how.done_event):
            self._error = _coded(value, self._fields.error_code)
            return
        if (error := self.failure(value)) is not None:
            self._error = error
            return
        if event.name == how.done_event:
            self._done = {}
        if event.name == how.token_event:
            text = event.data.decode("utf-8", "replace") if how.text == "" else value_at(value, how.text)
            if isinstance(text, str) and text:
                self._token(text.encode(), now)
        if value is not None:
            self._note(value, how.places)

    def finish_stream(self) -> None:
        if self._done is None and self._stream is not None and self._stream.ends_itself:
            self._done = {}
        if self._done is not None and not self._texts:
            self._note_broken("a stream without text")
        self._digest(b"".join(self._texts).decode("utf-8", "replace"))

    def whole(self, body: dict[str, Any]) -> None:
        text = value_at(body, self._fields.answer.text)
        if not isinstance(text, str):
            raise Unexpected(f"no text at {self._fields.answer.text}")
        self._digest(text)
        self._note(body, self._fields.answer)

    def failure(self, body: object) -> dict[str, Any] | None:
        if value_at(body, self._fields.error_code) is not None:
            return _coded(body, self._fields.error_code)
        return super().failure(body)

    def refused(self, body: bytes) -> dict[str, Any]:
        return _coded(_value(body), self._fields.error_code)

    def _note(self, value: Any, places: Places) -> None:  # noqa: ANN401 - a JSON value
        s = self.sample
        for name in ("input_tokens", "output_tokens"):
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
    """The error, with the code that stands where the mapping says, a number too."""
    code = short_text(value_at(value, path))
    return error_of(value) if code is None else {**error_of(value), "code": code}
