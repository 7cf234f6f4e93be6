"""Server-sent events, parsed incrementally: fed any bytes, yields whole events, however they were split.

Follows the WHATWG event stream format: CRLF, LF or CR end a line, a blank line
ends an event, a line that starts with a colon is a comment, one space after a
field's colon is dropped, several data lines join with a newline, an event
without data is no event, and what is left unfinished at the end is discarded.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One event; ``name`` is ``message`` when the stream gave none."""

    name: str
    data: bytes


class SseParser:
    """Holds the unfinished tail between feeds."""

    __slots__ = ("_data", "_name", "_skip_lf", "_start", "_tail")

    def __init__(self) -> None:
        self._tail = b""
        self._name = ""
        self._data: list[bytes] = []
        self._skip_lf = False
        self._start = True

    def feed(self, chunk: bytes) -> list[Event]:
        """Events that this chunk completes, in order."""
        if self._skip_lf and chunk[:1] == b"\n":
            chunk = chunk[1:]
        if chunk:
            self._skip_lf = chunk.endswith(b"\r")
        buffer = self._tail + chunk
        if self._start:
            if len(buffer) < 3 and b"\xef\xbb\xbf".startswith(buffer):
                self._tail = buffer
                return []
            self._start = False
            buffer = buffer.removeprefix(b"\xef\xbb\xbf")
        if b"\r" in buffer:
            buffer = buffer.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, self._tail = buffer.split(b"\n")
        events = []
        for line in lines:
            if line:
                self._field(line)
            elif self._data:
                events.append(Event(self._name or "message", b"\n".join(self._data)))
                self._name, self._data = "", []
            else:
                self._name = ""
        return events

    @property
    def pending(self) -> bool:
        """Bytes of an unfinished event are held."""
        return bool(self._tail or self._data)

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
