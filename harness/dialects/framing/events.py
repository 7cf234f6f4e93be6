"""What every framing makes of bytes: events, and how much one may hold."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from harness.domain.bounds import EVENT_BYTES, MIB

MOST_NAME = 100  # characters kept of an event's name


class Event(NamedTuple):
    """One event; ``name`` is ``message`` when the stream gave none."""

    name: str
    data: bytes


class Framing(Protocol):
    """Fed a streamed body in any pieces; ``feed`` raises Malformed: EventTooLarge beyond EVENT_BYTES of one event.

    ``held`` are the bytes of the unfinished event.
    """

    held: int

    def feed(self, chunk: bytes) -> list[Event]:
        """Events that this chunk completes, in order."""
        ...

    def end(self) -> list[Event]:
        """Events that only the body's end completes."""
        ...

    @property
    def cut(self) -> bool:
        """Whether the body ended where it cannot end; asked after ``end``."""
        ...


class Unfinished:
    """The event that has begun, in one buffer that grows: a list of small pieces takes far more."""

    __slots__ = ("_tail", "held")

    def __init__(self) -> None:
        self._tail = bytearray()
        self.held = 0

    def _hold(self, part: bytes) -> None:
        if part:
            self._tail += part
            self.held = len(self._tail)
            if self.held > EVENT_BYTES:
                raise EventTooLarge

    def _taken(self, last: bytes = b"") -> bytes:
        """All of it, and what ends it."""
        whole = bytes(self._tail + last)
        self._tail.clear()
        self.held = 0
        return whole


class Malformed(ValueError):
    """The bytes are not of the framing that they were declared to be."""


class EventTooLarge(Malformed):
    """One event holds more than anyone sends on purpose."""

    def __init__(self) -> None:
        super().__init__(f"an event of more than {EVENT_BYTES // MIB} MiB")
