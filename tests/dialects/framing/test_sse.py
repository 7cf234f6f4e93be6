"""Server-sent events, however the network splits them."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dialects.framing.events import EventTooLarge
from harness.dialects.framing.sse import Event, SseParser
from harness.domain.bounds import EVENT_BYTES

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


PLAIN = WIRE.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


@settings(max_examples=300)
@given(st.lists(st.integers(0, len(PLAIN)), max_size=12))
def test_any_split_of_a_stream_without_carriage_returns_too(cuts):
    """The way that nearly every server writes, which takes the short path."""
    edges = [0, *sorted(cuts), len(PLAIN)]

    assert parsed([PLAIN[a:b] for a, b in pairwise(edges)])[0] == EVENTS


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(["", "token", "done"]), st.binary(max_size=20)), max_size=8), st.data())
def test_whatever_is_written_is_read_again(written, data):
    clean = [(name, body.replace(b"\n", b"").replace(b"\r", b"")) for name, body in written]
    wire = b"".join((f"event: {name}\n" if name else "").encode() + b"data: " + body + b"\n\n" for name, body in clean)
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=6))
    edges = [0, *sorted(cuts), len(wire)]

    assert parsed([wire[a:b] for a, b in pairwise(edges)])[0] == [Event(n or "message", b) for n, b in clean]


def test_a_line_in_many_pieces_is_held_in_one_buffer():
    """Linear by construction: the buffer grows in place, and holds no more than what has come."""
    pieces = [b"data: ", *(b"x" * 1000 for _ in range(500))]
    parser = SseParser()
    for piece in pieces:
        assert parser.feed(piece) == []

    assert isinstance(parser._tail, bytearray)
    assert parser.held == sum(map(len, pieces))
    assert parser.feed(b"\n\n") == [Event("message", b"x" * 500_000)]


@pytest.mark.parametrize("piece", [b"x" * (1 << 20), b"\ndata: " + b"x" * (1 << 20)])
def test_an_event_of_more_than_anyone_sends_is_refused(piece):
    """As one line, and as many lines of one event."""
    with pytest.raises(EventTooLarge):
        parsed([b"data: ", *[piece] * (EVENT_BYTES // len(piece) + 2)])


def test_heartbeats_without_end_are_no_event():
    parser = SseParser()

    for _ in range(32):
        assert parser.feed(b": " + b"x" * EVENT_BYTES + b"\n\n") == []
