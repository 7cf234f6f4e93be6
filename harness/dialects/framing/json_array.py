"""One JSON array, streamed: each element is an event as soon as it is whole.

Google's ``generateContent`` streams so without ``alt=sse``. Only brackets, commas
and strings are looked at, each byte once, so that an element is known to be whole
before the comma that follows it with the next.
"""

from __future__ import annotations

import re

from harness.dialects.framing.events import Event, Malformed, Unfinished
from harness.dialects.framing.sse import BOM
from harness.domain.bounds import MOST_NESTED

_OUTSIDE = re.compile(rb'["{}\[\],]')
_NESTED = re.compile(rb'["{}\[\]]')  # where commas part no elements
_INSIDE = re.compile(rb'["\\]')
_BLANK = b" \t\r\n"
_DEEPER = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}


class JsonArrayParser(Unfinished):
    """Holds the unfinished element between feeds."""

    __slots__ = ("_depth", "_escaped", "_given", "_in_string", "cut")

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._given = False  # since the last comma, by its own bracket
        self.cut = True  # until the array's own end

    def feed(self, chunk: bytes) -> list[Event]:
        """Elements that this chunk completes; raises EventTooLarge, or Malformed for what is not an array."""
        events: list[Event] = []
        begin = at = 0
        while True:
            if self._in_string:
                at = self._through_string(chunk, at)
            found = (_OUTSIDE if self._depth < 2 else _NESTED).search(chunk, at)
            if found is None or self._in_string:
                break
            at = found.end()
            begin = self._mark(found[0], chunk, begin, at, events)
        self._hold(chunk[begin:])
        return events

    def _through_string(self, chunk: bytes, at: int) -> int:
        """Behind the string's end, or at the chunk's."""
        if self._escaped and chunk:
            at, self._escaped = at + 1, False
        while found := _INSIDE.search(chunk, at):
            at = found.end()
            if found[0] == b'"':
                self._in_string = False
                return at
            self._escaped = at == len(chunk)
            at += 1
        return len(chunk)

    def _mark(self, mark: bytes, chunk: bytes, begin: int, at: int, events: list[Event]) -> int:
        """One bracket, comma or quote, which ends at ``at``; where the next element begins."""
        if not self._depth:
            self._opens(chunk[begin : at - 1], mark)
            return at
        if mark == b'"':
            self._in_string = True
            return begin
        self._depth += _DEEPER.get(mark, 0)
        if self._depth > MOST_NESTED:
            raise Malformed(f"an element that nests more than {MOST_NESTED:,} deep")
        if self._depth > 1 or mark in b"{[":
            return begin
        # a nested value ends with its own bracket; anything else before the comma or the array's end
        own = self._depth == 1 and mark != b","
        self.cut = self._depth == 1
        made = self._element(chunk[begin : at if own else at - 1])
        if mark == b"," and not (made or self._given):
            raise Malformed("an element of the array is missing")
        self._given = own
        events += made
        return at

    def end(self) -> list[Event]:
        return []

    def _opens(self, before: bytes, mark: bytes) -> None:
        """The one array begins; nothing but blanks and a byte order mark may stand outside of it."""
        outside = self._taken(before).removeprefix(BOM).strip(_BLANK)
        if outside or mark != b"[" or not self.cut:
            raise Malformed("not one JSON array, which framing json-array is")
        self._depth = 1

    def _element(self, last: bytes) -> list[Event]:
        element = self._taken(last).strip(_BLANK)
        return [Event("message", element)] if element else []
