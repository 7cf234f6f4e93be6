"""[mapping] of target.toml: a chat API of a team's own, for ``dialect = "mapped"``."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from harness.domain.field_map import FieldMap, FramingKind, Opening, Places, StreamMap, WebSocketMap
from harness.domain.placeholders import OF_A_MESSAGE, PLACEHOLDERS, placeholders, unknown_placeholders
from harness.domain.retrieval_map import USUAL_RETRIEVAL, RetrievalMap
from harness.tables.table import Table
from harness.tables.values import Line
from harness.workspace.api_toml import secret_fields

OF_RETRIEVAL = ("prompt", "top_k", "request_id")
OF_AN_OPENING = ("session", "request_id", "model")
PATH = r"^[^\s.]+(\.[^\s.]+)*$"


def _without_secrets(value: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError: what is sent stands in evidence, but for what ``{env:NAME}`` takes from the environment."""
    if names := secret_fields(value):
        raise ValueError(
            f'{", ".join(names)}: looks like a secret, which would stand in evidence: write "{{env:VARIABLE}}"'
        )
    return value


class PlacesTable(Table):
    """Paths into an answer."""

    input_tokens: str | None = Field(None, pattern=PATH)
    output_tokens: str | None = Field(None, pattern=PATH)
    reasoning_tokens: str | None = Field(None, pattern=PATH)
    citations: str | None = Field(None, pattern=PATH)
    model_ms: str | None = Field(None, pattern=PATH)
    tool_calls: str | None = Field(None, pattern=PATH)
    model: str | None = Field(None, pattern=PATH)
    cached_tokens: str | None = Field(None, pattern=PATH)
    cached: str | None = Field(None, pattern=PATH)
    degraded: str | None = Field(None, pattern=PATH)


class AnswerTable(PlacesTable):
    """A whole answer."""

    text: str = Field(pattern=r"^$|" + PATH)

    def places(self) -> Places:
        return Places(**self.model_dump())


class StreamTable(PlacesTable):
    """A streamed answer."""

    framing: FramingKind | None = None
    event_at: str | None = Field(None, pattern=PATH)
    token_event: Line = "message"  # noqa: S105 - the name of an event
    text: str = Field("", pattern=r"^$|" + PATH)
    reasoning: str | None = Field(None, pattern=PATH)
    reasoning_event: Line | None = None
    done_event: Line | None = None
    done_data: Line | None = None
    done_at: str | None = Field(None, pattern=PATH)
    error_at: str | None = Field(None, pattern=PATH)
    error_event: Line | None = None

    @model_validator(mode="after")
    def _names_have_a_place(self) -> StreamTable:
        if self.reasoning_event is not None and self.reasoning is None:
            raise ValueError("reasoning_event requires reasoning: the path to the text in it")
        if self.framing is FramingKind.TEXT:
            said = [name for name in type(self).model_fields if name != "framing" and name in self.model_fields_set]
            if said:
                raise ValueError(f'{", ".join(said)}: framing = "text" has no events or fields, only text')
        elif self.framing not in (None, FramingKind.SSE, FramingKind.AWS_EVENT_STREAM) and self.event_at is None:
            named = ("token_event", "done_event", "error_event", "reasoning_event")
            said = [name for name in named if name in self.model_fields_set]
            if said:
                raise ValueError(
                    f'{", ".join(said)}: framing = "{self.framing}" gives events no name; '
                    "event_at is the path to it in their data"
                )
        return self

    def stream(self) -> StreamMap:
        own = self.model_dump(exclude=set(PlacesTable.model_fields))
        return StreamMap(**own, places=Places(**self.model_dump(include=set(PlacesTable.model_fields))))


class OpeningTable(Table):
    """One message before the question."""

    send: dict[str, Any] = Field(min_length=1)
    until: dict[str, str] | None = Field(None, min_length=1)

    @field_validator("send")
    @classmethod
    def _placeholders(cls, value: dict[str, Any]) -> dict[str, Any]:
        if unknown := [name for name in placeholders(value) if name not in OF_AN_OPENING]:
            raise ValueError(
                f"{{{unknown[0]}}} stands for nothing before the question: want {{session}} or {{request_id}}"
            )
        return value


class WebSocketTable(Table):
    """What a WebSocket wants before its question."""

    subprotocols: tuple[str | dict[str, str], ...] = ()
    opening: tuple[OpeningTable, ...] = ()
    keep_open: bool = False

    def made(self) -> WebSocketMap:
        opening = tuple(Opening(one.send, one.until) for one in self.opening)
        return WebSocketMap(self.subprotocols, opening, self.keep_open)


class RetrievalTable(Table):
    """How passages are asked for without an answer."""

    path: str = Field(USUAL_RETRIEVAL.path, pattern=r"^/\S*$")
    request: dict[str, Any] = Field(default_factory=lambda: dict(USUAL_RETRIEVAL.request), min_length=1)
    passages: str = Field(USUAL_RETRIEVAL.passages, pattern=PATH)
    retrieval_ms: str | None = Field(USUAL_RETRIEVAL.retrieval_ms, pattern=PATH)
    rerank_ms: str | None = Field(USUAL_RETRIEVAL.rerank_ms, pattern=PATH)

    @field_validator("request")
    @classmethod
    def _asks(cls, value: dict[str, Any]) -> dict[str, Any]:
        used = placeholders(value)
        if unknown := [name for name in used if name not in OF_RETRIEVAL]:
            raise ValueError(f"{{{unknown[0]}}} stands for nothing here: want {{prompt}} and {{top_k}}")
        if "prompt" not in used:
            raise ValueError("asks nothing: want {prompt} where the question goes")
        return _without_secrets(value)

    def made(self) -> RetrievalMap:
        return RetrievalMap(**self.model_dump())


class MappingTable(Table):
    """How it is asked, and where its answers hold what is measured."""

    path: str = Field(pattern=r"^/\S*$")
    request: dict[str, Any] = Field(min_length=1)
    message: dict[str, Any] | None = None
    answer: AnswerTable | None = None
    stream: StreamTable | None = None
    stream_path: str | None = Field(None, pattern=r"^/\S*$")
    stream_request: dict[str, Any] | None = Field(None, min_length=1)
    error_code: str | None = Field(None, pattern=PATH)
    ready_path: str = Field("/", pattern=r"^/\S*$")
    websocket: WebSocketTable | None = None

    @field_validator("request", "stream_request")
    @classmethod
    def _placeholders(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is None:
            return None
        if unknown := unknown_placeholders(value):
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise ValueError(f"{{{unknown[0]}}} stands for nothing: want one of {known}, or a value of [api]")
        if not {"prompt", "messages"} & set(placeholders(value)):
            raise ValueError("asks nothing: want {prompt} or {messages} somewhere in it")
        return _without_secrets(value)

    @field_validator("message")
    @classmethod
    def _role_and_content(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None and set(placeholders(value)) != set(OF_A_MESSAGE):
            raise ValueError("want {role} and {content} in it, and no other placeholder")
        return value

    @field_validator("path", "stream_path")
    @classmethod
    def _only_the_model(cls, value: str | None) -> str | None:
        if unknown := [name for name in placeholders(value or "") if name != "model"]:
            raise ValueError(f"{{{unknown[0]}}} stands for nothing in a path: want {{model}}, or a value of [api]")
        return value

    @model_validator(mode="after")
    def _answers_somehow(self) -> MappingTable:
        if self.answer is None and self.stream is None:
            raise ValueError("want [mapping.answer], [mapping.stream] or both: where its answers hold what is measured")
        socket = self.stream is not None and self.stream.framing is FramingKind.WEBSOCKET
        if self.websocket is not None and not socket:
            raise ValueError('[mapping.websocket] requires framing = "websocket" in [mapping.stream]')
        if socket and self.answer is not None:
            raise ValueError("[mapping.answer]: a WebSocket's answers are streams; leave it out")
        if not socket and "request_id" in placeholders([self.request, self.stream_request or {}]):
            raise ValueError(
                "{request_id} stands in messages of a WebSocket alone: header_names.request_id carries it else"
            )
        if self.stream is None and (self.stream_path or self.stream_request):
            raise ValueError("stream_path and stream_request require [mapping.stream]")
        return self

    def names_model(self) -> bool:
        """Whether a request has a place for a model's name."""
        asked = [self.path, self.stream_path or "", self.request, self.stream_request or {}]
        return "model" in placeholders(asked)

    def field_map(self, model: str | None = None) -> FieldMap:
        return FieldMap(
            path=self.path,
            request=self.request,
            message=self.message,
            answer=self.answer.places() if self.answer else Places(),
            stream=self.stream.stream() if self.stream else None,
            stream_path=self.stream_path,
            stream_request=self.stream_request,
            error_code=self.error_code,
            ready_path=self.ready_path,
            model=model,
            websocket=self._socket(),
        )

    def _socket(self) -> WebSocketMap | None:
        if self.websocket is not None:
            return self.websocket.made()
        return WebSocketMap() if self.stream is not None and self.stream.framing is FramingKind.WEBSOCKET else None
