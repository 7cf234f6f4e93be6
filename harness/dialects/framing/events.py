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


class Malformed(ValueError):
    """The bytes are not of the framing that they were declared to be."""


class EventTooLarge(Malformed):
    """One event holds more than anyone sends on purpose."""

    def __init__(self) -> None:
        super().__init__(f"an event of more than {EVENT_BYTES // MIB} MiB")
