"""A Front: what requests pass before they meet a target's code.

Sources: providers' documentation as of November 2026; what nobody has read again is in ``unconfirmed``.
"""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True)
class Front:
    """What stands before a target's code and no code can change.

    ``cuts_s`` and ``request_bytes`` are None where it has no limit of its own, or where the team sets it.
    """

    name: str
    cuts_s: float | None
    request_bytes: int | None
    streams: bool
    no_place: str  # what it does where there is no place for a request
    unconfirmed: tuple[str, ...] = ()  # of the fields above: nobody has read them again
