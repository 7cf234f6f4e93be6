"""A stream of plain text without any framing: each piece that arrives is an event, cut between characters."""

from __future__ import annotations

import codecs

from harness.dialects.framing.events import Event


class TextParser:
    """Holds the bytes of an unfinished character between feeds, at most three."""

    __slots__ = ("_decoder", "held")

    def __init__(self) -> None:
        self.held = 0
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")

    def feed(self, chunk: bytes) -> list[Event]:
        """The text that has arrived; none where it is no whole character yet."""
        text = self._decoder.decode(chunk)
        return [Event("message", text.encode())] if text else []

    def end(self) -> list[Event]:
        return []

    @property
    def cut(self) -> bool:
        """Whether it ended inside a character."""
        return bool(self._decoder.getstate()[0])
