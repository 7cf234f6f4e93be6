"""JSON values one a line, however the network splits them."""

import pytest
from hypothesis import given

from harness.dialects.framing import events
from harness.dialects.framing.events import Event, EventTooLarge
from harness.dialects.framing.ndjson import NdjsonParser
from tests.dialects.framing.splits import cut, parsed, places

WIRE = '\ufeff{"t":"ä"}\r\n\n  \n{"t":"b"} \n[1,2]\n{"done":true}'.encode()
LINES = ['{"t":"ä"}'.encode(), b'{"t":"b"}', b"[1,2]", b'{"done":true}']


@given(places(WIRE))
def test_any_split_gives_the_same_lines(at):
    parser = NdjsonParser()
    assert parsed(parser, cut(WIRE, at)) == [Event("message", line) for line in LINES]
    assert not parser.cut


def test_a_line_is_an_event_as_soon_as_it_ends():
    parser = NdjsonParser()
    assert parser.feed(b'{"a":1}\n{"b"') == [Event("message", b'{"a":1}')]


@pytest.mark.parametrize("end", [b"", b"\r\n", b" \r"])
def test_blanks_at_the_end_are_no_line(end):
    parser = NdjsonParser()
    assert len(parsed(parser, [b"{}\n", end])) == 1
    assert not parser.cut


def test_a_body_that_ends_inside_a_value_is_cut():
    parser = NdjsonParser()
    assert parsed(parser, [b'{"a":1}\n{"b":']) == [Event("message", b'{"a":1}')]
    assert parser.cut


def test_a_line_without_end_is_held_only_so_far(monkeypatch):
    monkeypatch.setattr(events, "EVENT_BYTES", 1000)
    parser = NdjsonParser()
    for _ in range(99):
        parser.feed(b"x" * 10)
    with pytest.raises(EventTooLarge):
        parser.feed(b"x" * 100)
