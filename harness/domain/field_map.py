"""A FieldMap: how a chat API that speaks neither dialect is asked, and where its answers hold what is measured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PLACEHOLDERS = ("prompt", "messages", "stream", "max_tokens", "top_k", "session")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
MISSING = object()


@dataclass(frozen=True)
class Places:
    """Paths into a JSON value: names and positions joined by dots, ``*`` for every element; None where not told."""

    text: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None
    citations: str | None = None
    model_ms: str | None = None  # what the model took, for the overhead


@dataclass(frozen=True)
class StreamMap:
    """Server-sent events; without ``done_event`` and ``done_data`` the stream's own end is its end."""

    token_event: str = "message"  # noqa: S105 - the name of an event
    text: str = ""  # path in the event's data; "" where the data itself is the text
    done_event: str | None = None
    done_data: str | None = None
    error_event: str | None = None
    places: Places = field(default_factory=Places)  # in the last event, or in any that is no token's

    @property
    def ends_itself(self) -> bool:
        return self.done_event is None and self.done_data is None


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

    def path_for(self, *, stream: bool) -> str:
        return self.stream_path or self.path if stream else self.path

    def body(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The request with its placeholders filled in."""
        made: dict[str, Any] = _filled(self.request, values)
        return made


def field_map(data: Mapping[str, Any]) -> FieldMap:
    """From plain values, as ``dataclasses.asdict`` made them."""
    stream = data["stream"]
    if stream is not None:
        stream = StreamMap(**{**stream, "places": Places(**stream["places"])})
    return FieldMap(**{**data, "answer": Places(**data["answer"]), "stream": stream})


def unknown_placeholders(value: Any) -> list[str]:  # noqa: ANN401 - a JSON value
    """Those that stand for nothing, in order."""
    if isinstance(value, str):
        return [name for name in _PLACEHOLDER.findall(value) if name not in PLACEHOLDERS]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [name for part in inner for name in unknown_placeholders(part)]


def value_at(data: Any, path: str | None) -> Any:  # noqa: ANN401 - a JSON value
    """What stands there; None where nothing does."""
    if path is None:
        return None
    return _at(data, path.split(".") if path else [])


def _at(data: Any, parts: list[str]) -> Any:  # noqa: ANN401
    for k, part in enumerate(parts):
        if part == "*":
            return [_at(one, parts[k + 1 :]) for one in data] if isinstance(data, list) else None
        if isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        elif isinstance(data, dict):
            data = data.get(part)
        else:
            return None
    return data


def _filled(value: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        alone = _PLACEHOLDER.fullmatch(value)
        if alone and alone.group(1) in PLACEHOLDERS:
            return values.get(alone.group(1), MISSING)
        return _PLACEHOLDER.sub(lambda m: str(values.get(m.group(1), m.group(0))), value)
    if isinstance(value, Mapping):
        pairs = {key: _filled(inner, values) for key, inner in value.items()}
        return {key: inner for key, inner in pairs.items() if inner is not MISSING}
    if isinstance(value, list | tuple):
        return [inner for inner in (_filled(one, values) for one in value) if inner is not MISSING]
    return value
