"""[mapping] of target.toml: a chat API of a team's own, for ``dialect = "mapped"``."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from harness.domain.field_map import PLACEHOLDERS, FieldMap, Places, StreamMap, unknown_placeholders
from harness.workspace.table import Table

PATH = r"^[^\s.]+(\.[^\s.]+)*$"


class PlacesTable(Table):
    """Paths into an answer."""

    input_tokens: str | None = Field(None, pattern=PATH)
    output_tokens: str | None = Field(None, pattern=PATH)
    citations: str | None = Field(None, pattern=PATH)
    model_ms: str | None = Field(None, pattern=PATH)


class AnswerTable(PlacesTable):
    """A whole answer."""

    text: str = Field(pattern=PATH)

    def places(self) -> Places:
        return Places(**self.model_dump())


class StreamTable(PlacesTable):
    """A streamed answer."""

    token_event: str = "message"  # noqa: S105 - the name of an event
    text: str = Field("", pattern=r"^$|" + PATH)
    done_event: str | None = None
    done_data: str | None = None
    error_event: str | None = None

    def stream(self) -> StreamMap:
        own = self.model_dump(include={"token_event", "text", "done_event", "done_data", "error_event"})
        return StreamMap(**own, places=Places(**self.model_dump(include=set(PlacesTable.model_fields))))


class MappingTable(Table):
    """How it is asked, and where its answers hold what is measured."""

    path: str = Field(pattern="^/")
    request: dict[str, Any] = Field(min_length=1)
    answer: AnswerTable | None = None
    stream: StreamTable | None = None
    stream_path: str | None = Field(None, pattern="^/")
    error_code: str | None = Field(None, pattern=PATH)
    ready_path: str = Field("/", pattern="^/")

    @field_validator("request")
    @classmethod
    def _placeholders(cls, value: dict[str, Any]) -> dict[str, Any]:
        if unknown := unknown_placeholders(value):
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise ValueError(f"{{{unknown[0]}}} stands for nothing: want one of {known}")
        if "{prompt}" not in str(value) and "{messages}" not in str(value):
            raise ValueError("asks nothing: want {prompt} or {messages} somewhere in it")
        return value

    def field_map(self) -> FieldMap:
        return FieldMap(
            path=self.path,
            request=self.request,
            answer=self.answer.places() if self.answer else Places(),
            stream=self.stream.stream() if self.stream else None,
            stream_path=self.stream_path,
            error_code=self.error_code,
            ready_path=self.ready_path,
        )
