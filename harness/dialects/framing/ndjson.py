"""JSON values one a line (NDJSON, JSON Lines), as Ollama streams them: each line is an event.

A line ends with LF or CRLF, a blank line is none, and the last one may lack its end.
"""

from __future__ import annotations

import orjson

from harness.dialects.framing.events import Event, EventTooLarge
from harness.dialects.framing.sse import BOM
from harness.domain.bounds import EVENT_BYTES

BLANK = b" \t\r"


class NdjsonParser:
    """Holds the unfinished line between feeds, in one buffer that grows."""

    __slots__ = ("_start", "_tail", "cut", "held")

    def __init__(self) -> None:
        self._tail = bytearray()
        self.held = 0
        self._start = True
        self.cut = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The lines that this chunk completes; raises EventTooLarge."""
        first, *rest = chunk.split(b"\n")
        self._hold(first)
        if not rest:
            return []
        *whole, last = rest
        events = self._line()
        for part in whole:
            if line := part.strip(BLANK):
                events.append(Event("message", line))
        self._hold(last)
        return events

    def end(self) -> list[Event]:
        """The last line, where it is whole without its end."""
        last = self._line()
        try:
            _ = [orjson.loads(line.data) for line in last]
        except ValueError:
            self.cut = True
            return []
        return last

    def _hold(self, part: bytes) -> None:
        if part:
            self._tail += part
            self.held = len(self._tail)
            if self.held > EVENT_BYTES:
                raise EventTooLarge

    def _line(self) -> list[Event]:
        line = bytes(self._tail)
        self._tail.clear()
        self.held = 0
        if self._start:
            line, self._start = line.removeprefix(BOM), False
        line = line.strip(BLANK)
        return [Event("message", line)] if line else []
