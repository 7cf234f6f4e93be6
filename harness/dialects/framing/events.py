"""What every framing makes of bytes: events, and how much one may hold."""

from __future__ import annotations

from typing import NamedTuple, Protocol

MOST_EVENT_BYTES = 16 * 1024 * 1024


class Event(NamedTuple):
    """One event; ``name`` is ``message`` when the stream gave none."""

    name: str
    data: bytes


class Framing(Protocol):
    """Fed a streamed body in any pieces; ``feed`` raises Malformed: EventTooLarge beyond MOST_EVENT_BYTES of one event."""

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


class Malformed(ValueError):
    """The bytes are not of the framing that they were declared to be."""


class EventTooLarge(Malformed):
    """One event holds more than anyone sends on purpose."""

    def __init__(self) -> None:
        super().__init__(f"an event of more than {MOST_EVENT_BYTES >> 20} MiB")
