"""Server-sent events, parsed incrementally: fed any bytes, yields whole events, however they were split.

Follows the WHATWG event stream format: CRLF, LF or CR end a line, a blank line
ends an event, a line that starts with a colon is a comment, one space after a
field's colon is dropped, several data lines join with a newline, an event
without data is no event, and what is left unfinished at the end is discarded.
"""

from __future__ import annotations

from harness.dialects.framing.events import MOST_NAME, Event, EventTooLarge
from harness.domain.bounds import EVENT_BYTES

__all__ = ["Event", "SseParser"]

BOM = b"\xef\xbb\xbf"
_new = tuple.__new__  # half of what Event's own takes, once a token
NAMES = {b"token": "token", b"citations": "citations", b"done": "done", b"error": "error"}


class SseParser:
    """Holds the unfinished line and event between feeds, each in one buffer that grows: a list of small pieces takes far more."""

    __slots__ = ("_between", "_data", "_empty", "_name", "_skip_lf", "_start", "_tail", "held")
    cut = False  # what is unfinished at the end is discarded, says the format

    def __init__(self, *, empty: bool = False) -> None:
        """``empty``: an event with a name and no data is one, as LangServe's ``end``; a browser drops it."""
        self._empty = empty
        self._tail = bytearray()
        self.held = 0  # bytes of the unfinished event
        self._name = ""
        self._data: bytearray | None = None  # each line with its newline
        self._skip_lf = False
        self._start = True
        self._between = False  # two events, with nothing held

    def feed(self, chunk: bytes) -> list[Event]:
        """Events that this chunk completes, in order; raises EventTooLarge."""
        if not self._between or chunk[-2:] != b"\n\n" or b"\r" in chunk:
            return self._any(chunk)
        # Whole events, as nearly every chunk of a token stream holds them: no state to carry.
        events = []
        for block in chunk[:-2].split(b"\n\n"):
            first, _, second = block.partition(b"\n")
            if first[:7] == b"event: " and second[:6] == b"data: " and b"\n" not in second:
                raw = first[7:]
                name = NAMES.get(raw) or raw.decode("utf-8", "replace")[:MOST_NAME] or "message"
                events.append(_new(Event, (name, second[6:])))
            elif first[:6] == b"data: " and not second:
                events.append(_new(Event, ("message", first[6:])))
            else:
                events += self._lines([*block.split(b"\n"), b""])
        return events

    def end(self) -> list[Event]:
        """None: an event that no blank line ended is discarded."""
        return []

    def _any(self, chunk: bytes) -> list[Event]:
        if self._skip_lf and chunk[:1] == b"\n":
            chunk = chunk[1:]
        if chunk:
            self._skip_lf = chunk.endswith(b"\r")
        if self._start:
            chunk = self._begun(chunk)
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, last = chunk.split(b"\n")
        events = self._whole_lines(lines) if lines else []
        if last:
            self._tail += last
        self.held = len(self._tail) + len(self._data or b"")
        if self.held > EVENT_BYTES:
            raise EventTooLarge
        self._between = not (self._tail or self._skip_lf or self._data or self._name)
        return events

    def _begun(self, chunk: bytes) -> bytes:
        """Without the byte order mark; nothing while it may yet become one."""
        chunk = bytes(self._tail + chunk)
        unsure = len(chunk) < len(BOM) and BOM.startswith(chunk)
        self._start, self._tail = unsure, bytearray(chunk if unsure else b"")
        return b"" if unsure else chunk.removeprefix(BOM)

    def _whole_lines(self, lines: list[bytes]) -> list[Event]:
        if self._tail:
            lines[0] = bytes(self._tail + lines[0])
            self._tail.clear()
        return self._lines(lines)

    def _lines(self, lines: list[bytes]) -> list[Event]:
        events = []
        for line in lines:
            if line:
                self._field(line)
            elif self._data is not None:
                events.append(Event(self._name or "message", bytes(self._data[:-1])))
                self._name, self._data = "", None
            else:
                if self._empty and self._name:
                    events.append(Event(self._name, b""))
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
            self._data = self._data if self._data is not None else bytearray()
            self._data += value + b"\n"
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")[:MOST_NAME]
