"""Any way that a network may cut a body."""

from itertools import pairwise

from hypothesis import strategies as st


def cut(wire, at):
    """The body in the pieces that these places leave; the same place twice leaves an empty one."""
    return [wire[a:b] for a, b in pairwise([0, *sorted(at), len(wire)])]


def places(wire):
    return st.lists(st.integers(0, len(wire)), max_size=40)


def parsed(parser, chunks):
    """Every event, those that only the end completes among them."""
    return [event for chunk in chunks for event in parser.feed(chunk)] + parser.end()
