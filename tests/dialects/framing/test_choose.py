"""Which framing a streamed body has."""

import pytest

from harness.dialects.framing.choose import framing_of
from harness.dialects.framing.events import Event
from harness.dialects.framing.sse import SseParser
from harness.domain.field_map import FramingKind as Kind


@pytest.mark.parametrize(
    ("content_type", "declared", "is_"),
    [
        (b"text/event-stream", None, Kind.SSE),
        (b"Text/Event-Stream; Charset=UTF-8", None, Kind.SSE),
        (b"application/x-ndjson; charset=utf-8", None, Kind.NDJSON),
        (b"application/vnd.amazon.eventstream", None, Kind.AWS_EVENT_STREAM),
        (b"application/json", None, None),
        (b"text/plain", None, None),
        (b"", None, None),
        (b"application/json", Kind.NDJSON, Kind.NDJSON),
        (b"application/json", Kind.JSON_ARRAY, Kind.JSON_ARRAY),
        (b"text/html", Kind.TEXT, Kind.TEXT),
        (b"application/octet-stream", Kind.SSE, Kind.SSE),
        (b"application/json; charset=utf-8", Kind.SSE, None),
        (b"application/json", Kind.TEXT, None),
    ],
)
def test_what_is_declared_wins_and_json_is_no_stream_of_events(content_type, declared, is_):
    assert framing_of(content_type, declared) is is_


WIRE = b"event: data\ndata: 1\n\nevent: end\n\ndata: 2\n\n\n\n"


@pytest.mark.parametrize("pieces", [[WIRE], [WIRE[:30], WIRE[30:]], [bytes([b]) for b in WIRE]])
def test_an_event_without_data_is_one_for_whoever_wants_it(pieces):
    parser, browser = SseParser(empty=True), SseParser()
    assert [e for p in pieces for e in parser.feed(p)] == [
        Event("data", b"1"),
        Event("end", b""),
        Event("message", b"2"),
    ]
    assert [e for p in pieces for e in browser.feed(p)] == [Event("data", b"1"), Event("message", b"2")]
