"""One JSON array whose elements arrive one after the other."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.framing import events
from harness.dialects.framing.events import Event, EventTooLarge, Malformed
from harness.dialects.framing.json_array import JsonArrayParser
from tests.dialects.framing.splits import cut, parsed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(['"', "\\", '\\"', "[", "},{"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 1]), st.booleans(), st.data())
def test_any_array_split_anywhere_gives_its_elements(values, indent, ascii_only, data):
    wire = b" \n" + json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode() + b"\n"
    at = data.draw(st.lists(st.integers(0, len(wire)), max_size=20))
    parser = JsonArrayParser()
    assert [json.loads(event.data) for event in parsed(parser, cut(wire, at))] == values
    assert not parser.cut


def test_a_cut_behind_a_backslash_does_not_end_the_text():
    wire = b'["a\\"]b\\\\", "c"]'
    parser = JsonArrayParser()
    found = parsed(parser, [bytes([byte]) for byte in wire])
    assert [json.loads(event.data) for event in found] == ['a"]b\\', "c"]


def test_an_element_is_an_event_before_the_comma_that_follows_it():
    parser = JsonArrayParser()
    assert parser.feed(b'[{"a":[1]}') == [Event("message", b'{"a":[1]}')]
    assert parser.feed(b',\r\n{"b"') == []
    assert parser.feed(b":2}") == [Event("message", b'{"b":2}')]
    assert parser.cut, "the array has not ended"


@pytest.mark.parametrize("wire", [b'{"error": {}}', b"data: 1[", b"[1] [2]", b'"x"'])
def test_what_is_not_one_array_is_said(wire):
    with pytest.raises(Malformed):
        JsonArrayParser().feed(wire)


def test_an_element_without_end_is_held_only_so_far(monkeypatch):
    monkeypatch.setattr(events, "EVENT_BYTES", 1000)
    parser = JsonArrayParser()
    parser.feed(b'["')
    for _ in range(99):
        parser.feed(b"x" * 10)
    with pytest.raises(EventTooLarge):
        parser.feed(b"x" * 100)
