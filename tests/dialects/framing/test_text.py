"""Plain text without a framing: every piece is an event, and no character is split."""

from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.framing.text import TextParser
from tests.dialects.framing.splits import cut, parsed


@given(st.text(max_size=60), st.data())
def test_any_split_gives_the_same_text_in_whole_characters(text, data):
    wire = text.encode("utf-8", "replace")
    at = data.draw(st.lists(st.integers(0, len(wire)), max_size=20))
    parser = TextParser()
    pieces = [event.data.decode() for event in parsed(parser, cut(wire, at))]
    assert "".join(pieces) == wire.decode().removeprefix("\ufeff")
    assert all(pieces)
    assert not parser.cut


def test_a_body_that_ends_inside_a_character_is_cut():
    parser = TextParser()
    assert [e.data for e in parsed(parser, [b"a\xc3"])] == [b"a"]
    assert parser.cut


def test_bytes_that_are_no_text_are_marked_and_not_dropped():
    assert [e.data.decode() for e in parsed(TextParser(), [b"a\xff", b"b"])] == ["a\ufffd", "b"]
