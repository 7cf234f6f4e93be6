"""Which framing a streamed body has: what a mapping declares, else what its content type says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.dialects.framing.aws_event_stream import AwsEventStreamParser
from harness.dialects.framing.events import Event, Framing
from harness.dialects.framing.json_array import JsonArrayParser
from harness.dialects.framing.ndjson import NdjsonParser
from harness.dialects.framing.sse import SseParser
from harness.dialects.framing.text import TextParser
from harness.domain.field_map import FramingKind


class Messages:
    """Each message of a WebSocket is an event."""

    cut = False
    held = 0  # by the WebSocket, which puts messages together

    def feed(self, chunk: bytes) -> list[Event]:
        return [Event("message", chunk)]

    def end(self) -> list[Event]:
        return []


PARSERS: Mapping[FramingKind, Callable[[], Framing]] = {
    FramingKind.SSE: lambda: SseParser(empty=True),
    FramingKind.NDJSON: NdjsonParser,
    FramingKind.TEXT: TextParser,
    FramingKind.JSON_ARRAY: JsonArrayParser,
    FramingKind.AWS_EVENT_STREAM: AwsEventStreamParser,
    FramingKind.WEBSOCKET: Messages,
}
BY_TYPE: Mapping[bytes, FramingKind] = {
    b"text/event-stream": FramingKind.SSE,
    b"application/x-ndjson": FramingKind.NDJSON,
    b"application/ndjson": FramingKind.NDJSON,
    b"application/jsonl": FramingKind.NDJSON,
    b"application/jsonlines": FramingKind.NDJSON,
    b"application/x-jsonlines": FramingKind.NDJSON,
    b"application/json-lines": FramingKind.NDJSON,
    b"application/stream+json": FramingKind.NDJSON,
    b"application/vnd.amazon.eventstream": FramingKind.AWS_EVENT_STREAM,
}
_OF_JSON = frozenset({FramingKind.NDJSON, FramingKind.JSON_ARRAY, FramingKind.WEBSOCKET})


def framing_of(content_type: bytes, declared: FramingKind | None) -> FramingKind | None:
    """None where the answer is a whole one.

    Servers name their type wrong more often than a team declares its framing wrong, so what is
    declared wins; except that JSON is no stream of events, text or AWS messages.
    """
    media = content_type.partition(b";")[0].strip().lower()
    if declared is None:
        return BY_TYPE.get(media)
    if media == b"application/json" and declared not in _OF_JSON:
        return None
    return declared
