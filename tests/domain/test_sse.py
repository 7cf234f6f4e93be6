"""Server-sent events, however the network splits them."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.domain.sse import Event, SseParser

WIRE = (
    b'\xef\xbb\xbf: keep-alive\r\n\r\nevent: citations\r\ndata: {"citations": []}\r\n\r\n'
    b'event: token\ndata: {"text": "\xc3\xa4"}\n\ndata:one\rdata: two\r\r'
    b"event: empty\n\nid: 7\nretry: 10\nevent: done\ndata: {}\n\nevent: cut\ndata: never"
)
EVENTS = [
    Event("citations", b'{"citations": []}'),
    Event("token", '{"text": "ä"}'.encode()),
    Event("message", b"one\ntwo"),
    Event("done", b"{}"),
]


def parsed(chunks):
    parser = SseParser()
    return [event for chunk in chunks for event in parser.feed(chunk)], parser


def test_a_whole_stream_is_parsed():
    events, parser = parsed([WIRE])

    assert events == EVENTS
    assert parser.pending


@settings(max_examples=300)
@given(st.lists(st.integers(0, len(WIRE)), max_size=40))
def test_any_split_gives_the_same_events(cuts):
    edges = [0, *sorted(cuts), len(WIRE)]
    events, _ = parsed([WIRE[a:b] for a, b in pairwise(edges)])

    assert events == EVENTS


def test_byte_by_byte_too():
    assert parsed([bytes([b]) for b in WIRE])[0] == EVENTS
