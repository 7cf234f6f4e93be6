"""A FieldMap: how a chat API that speaks no dialect of ours is asked, and where its answers hold what is measured."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Any

import orjson

from harness.domain.placeholders import OF_A_MESSAGE, filled, filled_path, placeholders, variables, with_variables

ROOT = "$"  # the whole value
_POSITION = re.compile(r"-?\d+")


class FramingKind(StrEnum):
    """How a streamed body holds its events."""

    SSE = "sse"
    NDJSON = "ndjson"
    TEXT = "text"
    JSON_ARRAY = "json-array"
    AWS_EVENT_STREAM = "aws-event-stream"
    WEBSOCKET = "websocket"


@dataclass(frozen=True)
class Places:
    """Paths into a JSON value, as ``value_at`` follows them; None where not told."""

    text: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None
    citations: str | None = None
    model_ms: str | None = None  # what the model took, for the overhead
    reasoning_tokens: str | None = None
    tool_calls: str | None = None  # of what the model asks for in place of text
    model: str | None = None  # to the name of the one that answered
    cached_tokens: str | None = None  # of the input tokens, those that a prompt cache held
    cached: str | None = None  # to whether the whole answer came from a cache
    degraded: str | None = None  # to whether a fallback made it


@dataclass(frozen=True)
class StreamMap:
    """A stream of events; without any of ``done_event``, ``done_data`` and ``done_at`` its own end is its end."""

    token_event: str = "message"  # noqa: S105 - the name of an event
    text: str = ""  # path in the event's data; "" where the data itself is the text
    done_event: str | None = None
    done_data: str | None = None
    error_event: str | None = None
    places: Places = field(default_factory=Places)  # in any event; the last that tells wins
    framing: FramingKind | None = None  # None: as the content type says
    event_at: str | None = None  # path in its data to an event's name, where the framing gives none
    done_at: str | None = None  # path whose value ends the stream: neither null, false nor empty
    error_at: str | None = None  # path whose value says that the event is an error
    reasoning: str | None = None  # path to text that is thought and not answered
    reasoning_event: str | None = None  # name of the events that carry it; None: the token's

    @property
    def ends_itself(self) -> bool:
        return self.done_event is None and self.done_data is None and self.done_at is None


@dataclass(frozen=True)
class WebSocketMap:
    """What a WebSocket wants before its question: subprotocols, of which a table is sent encoded, and an opening."""

    subprotocols: tuple[str | Mapping[str, Any], ...] = ()
    opening: tuple[Opening, ...] = ()
    keep_open: bool = False  # used again for the next question; else a connection a question


@dataclass(frozen=True)
class Opening:
    """One message before the question; ``until``: paths and what stands there in the message that is waited for."""

    send: Mapping[str, Any]
    until: Mapping[str, str] | None = None


@dataclass(frozen=True)
class FieldMap:
    """``request`` is a JSON body whose texts may hold placeholders; one alone keeps its type, a missing one its key."""

    path: str
    request: Mapping[str, Any]
    answer: Places = field(default_factory=Places)
    stream: StreamMap | None = None
    stream_path: str | None = None
    error_code: str | None = None
    ready_path: str = "/"
    stream_request: Mapping[str, Any] | None = None  # None: the same body
    message: Mapping[str, Any] | None = None  # one of {messages}, of {role} and {content}; None: just these two
    model: str | None = None
    websocket: WebSocketMap | None = None

    @property
    def answers_whole(self) -> bool:
        """Whether it says how a whole answer is read; one that doesn't is asked for streams only."""
        return self.answer.text is not None

    def cannot_read(self, stream_share: float) -> str | None:
        """Why a mix with this share of streams would get answers that nothing says how to read; None where it wouldn't."""
        if stream_share < 1 and not self.answers_whole:
            return f"{1 - stream_share:.3g} of the requests ask for a whole answer, and [mapping.answer] is missing: want 1"
        if stream_share > 0 and self.stream is None:
            return f"{stream_share:.3g} of the requests ask for a stream, and [mapping.stream] is missing: want 0"
        return None

    @property
    def environment(self) -> tuple[str, ...]:
        """Variables that its messages take secrets from: ``{env:NAME}``, read only where they are sent."""
        socket = [self.websocket.subprotocols, [o.send for o in self.websocket.opening]] if self.websocket else []
        return tuple(variables([self.request, self.stream_request or {}, *socket]))

    def with_secrets(self, environment: Mapping[str, str]) -> FieldMap:
        """The same with those variables' values in it; never written down."""
        socket = self.websocket and replace(
            self.websocket,
            subprotocols=tuple(with_variables(self.websocket.subprotocols, environment)),
            opening=tuple(replace(o, send=with_variables(o.send, environment)) for o in self.websocket.opening),
        )
        return replace(
            self,
            request=with_variables(self.request, environment),
            stream_request=with_variables(self.stream_request, environment),
            websocket=socket,
        )

    def path_for(self, *, stream: bool) -> str:
        return filled_path(self.stream_path or self.path if stream else self.path, self.model)

    def body(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The request with its placeholders filled in; ``stream`` of the values decides which."""
        own = self.request if self.stream_request is None or not values.get("stream") else self.stream_request
        made: dict[str, Any] = filled(own, {**values, **self._messages(own, values.get("messages") or ())})
        return made

    def _messages(self, own: Mapping[str, Any], messages: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """As the API has them: in its own shape, and what a system says apart where the request has a place for it."""
        more: dict[str, Any] = {} if self.model is None else {"model": self.model}
        if "system" in placeholders(own):
            said = [m["content"] for m in messages if m["role"] == "system"]
            more |= {"system": "\n\n".join(said)} if said else {}
            messages = [m for m in messages if m["role"] != "system"]
            more["messages"] = messages
        if self.message is not None:
            more["messages"] = [filled(self.message, m, OF_A_MESSAGE) for m in messages]
        return more


def field_map(data: Mapping[str, Any]) -> FieldMap:
    """From plain values, as ``dataclasses.asdict`` made them."""
    stream, socket = data["stream"], data["websocket"]
    if stream is not None:
        framing = stream["framing"] and FramingKind(stream["framing"])
        stream = StreamMap(**{**stream, "places": Places(**stream["places"]), "framing": framing})
    if socket is not None:
        opening = tuple(Opening(**one) for one in socket["opening"])
        socket = WebSocketMap(**{**socket, "subprotocols": tuple(socket["subprotocols"]), "opening": opening})
    return FieldMap(**{**data, "answer": Places(**data["answer"]), "stream": stream, "websocket": socket})


def value_at(data: Any, path: str | None) -> Any:  # noqa: ANN401 - a JSON value
    """What stands there; None where nothing does.

    Names and positions joined by dots; ``-1`` is the last, ``*`` every element, ``$`` the whole value.
    A text that is itself JSON is entered.
    """
    return None if path is None else _at(data, _steps(path))


def text_at(data: Any, path: str | None) -> str | None:  # noqa: ANN401 - a JSON value
    """The text that stands there; texts of a list are joined, and what is no text is left out of them."""
    found = value_at(data, path)
    if isinstance(found, str):
        return found
    if isinstance(found, list):
        texts = [one for one in found if isinstance(one, str)]
        return "".join(texts) if texts else None
    return None


@cache
def _steps(path: str) -> tuple[str, ...]:
    parts = tuple(path.split(".")) if path else ()
    return parts[1:] if parts[:1] == (ROOT,) else parts


def _at(data: Any, parts: Sequence[str]) -> Any:  # noqa: ANN401
    for k, part in enumerate(parts):
        if isinstance(data, str):
            data = _entered(data)
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list):
            if part == "*":
                return [_at(one, parts[k + 1 :]) for one in data]
            if not _POSITION.fullmatch(part) or not -len(data) <= int(part) < len(data):
                return None
            data = data[int(part)]
        else:
            return None
    return data


def _entered(text: str) -> Any:  # noqa: ANN401
    try:
        return orjson.loads(text)  # strictly: no NaN, no half of a surrogate pair, no depth without end
    except ValueError:
        return None
