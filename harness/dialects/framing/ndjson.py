"""JSON values one a line (NDJSON, JSON Lines), as Ollama streams them: each line is an event.

A line ends with LF or CRLF, a blank line is none, and the last one may lack its end.
"""

from __future__ import annotations

import orjson

from harness.dialects.framing.events import MOST_EVENT_BYTES, Event, EventTooLarge
from harness.dialects.framing.sse import BOM


class NdjsonParser:
    """Holds the unfinished line between feeds, in parts: a line that comes in many reads is joined once."""

    __slots__ = ("_held", "_parts", "_start", "cut")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._held = 0
        self._start = True
        self.cut = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The lines that this chunk completes; raises EventTooLarge."""
        first, *rest = chunk.split(b"\n")
        self._hold(first)
        events = []
        for part in rest:
            events += self._line()
            self._hold(part)
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
            self._parts.append(part)
            self._held += len(part)
            if self._held > MOST_EVENT_BYTES:
                raise EventTooLarge

    def _line(self) -> list[Event]:
        line = b"".join(self._parts)
        self._parts, self._held = [], 0
        if self._start:
            line, self._start = line.removeprefix(BOM), False
        line = line.strip(b" \t\r")
        return [Event("message", line)] if line else []
