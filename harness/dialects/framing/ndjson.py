"""JSON values one a line (NDJSON, JSON Lines), as Ollama streams them: each line is an event.

A line ends with LF or CRLF, a blank line is none, and the last one may lack its end.
"""

from __future__ import annotations

import orjson

from harness.dialects.framing.events import Event, Unfinished
from harness.dialects.framing.sse import BOM

BLANK = b" \t\r"


class NdjsonParser(Unfinished):
    """Holds the unfinished line between feeds."""

    __slots__ = ("_start", "cut")

    def __init__(self) -> None:
        super().__init__()
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

    def _line(self) -> list[Event]:
        line = self._taken()
        if self._start:
            line, self._start = line.removeprefix(BOM), False
        line = line.strip(BLANK)
        return [Event("message", line)] if line else []
