"""How an exchange can fail on the wire, each with words that say what was seen."""

from __future__ import annotations

import re

MOST_SHOWN = 60  # bytes of a line that is quoted
_HEADER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:")


class ClosedEarly(Exception):
    """The connection ended before the answer did."""

    def __init__(self, *, head_seen: bool) -> None:
        super().__init__("it closed before the answer was whole" if head_seen else "it closed before any answer")


class Stale(Exception):
    """A kept-alive connection ended as it was used again, before a byte of an answer: nobody has read the request."""


class NotHttp(Exception):
    """The peer's bytes are not an HTTP/1.1 answer."""

    def __init__(self, why: str, data: bytes = b"", *, head_seen: bool = False) -> None:
        seen = "" if head_seen else _quoted(data)
        super().__init__(f"not valid HTTP/1.1: {why}{seen}")


class NotWebSocket(NotHttp):
    """The peer changed the protocol, and its bytes are not that protocol's."""

    def __init__(self, why: str) -> None:
        Exception.__init__(self, f"not a valid WebSocket: {why}")


class Unreadable(Exception):
    """Reading what the peer sent raised what nobody expected: its words say what, and where."""


class DeadlinePassed(Exception):
    """The whole answer did not come in time."""


def _quoted(data: bytes) -> str:
    """The line of a head that is not as it should be, escaped."""
    first, *lines = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    odd = first
    if first.startswith(b"HTTP/1."):
        line, bare, _ = first.partition(b"\n")
        odd = line + bare if bare else next((line for line in lines if not _HEADER.match(line)), b"")
    return f" in {odd[:MOST_SHOWN]!r}"[:200] if odd else ""
