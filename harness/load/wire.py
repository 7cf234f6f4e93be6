"""What an attempt asks of an open connection, whatever it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.load.connection import Sink


class Wire(Protocol):
    """One open connection, one exchange at a time; ``exchanges`` and ``busy`` are for the deadlines' watch."""

    exchanges: int
    busy: bool

    def usable(self) -> bool:
        """Whether an idle one is still alive."""
        ...

    def exchange(self, request: bytes, sink: Sink) -> bool:
        """Send one request and feed its answer to the sink; True when the connection may be used again."""
        ...

    def expire(self) -> None:
        """The deadline has passed: wake whoever waits for the exchange."""
        ...

    def close(self) -> None: ...
