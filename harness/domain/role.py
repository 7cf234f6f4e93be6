"""What a profile is for: charts, page one and costs ask its role, never its name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from harness.domain.asks import Asks


class Role(StrEnum):
    """One a profile; several profiles may share one."""

    EVERYDAY = "everyday"
    BURST = "burst"
    COLD = "cold"
    FROM_ZERO = "from-zero"
    KEEP_ALIVE = "keep-alive"
    CAPACITY = "capacity"
    JOBS = "jobs"
    RETRIEVAL = "retrieval"
    RETRIEVAL_CAPACITY = "retrieval-capacity"


PACED = (Role.EVERYDAY, Role.BURST)  # sent at instants that no answer changes; a promise is judged under these
_BY_KIND: Mapping[str, Role] = {
    "square_burst": Role.BURST,
    "cold-starts": Role.COLD,
    "from-zero": Role.FROM_ZERO,
    "keep-alive": Role.KEEP_ALIVE,
    "capacity": Role.CAPACITY,
}


RETRIEVALS = (Role.RETRIEVAL, Role.RETRIEVAL_CAPACITY)  # that no model answers


def role_of(kind: str, asks: Asks = Asks.CHAT, *, jobs: bool = False) -> Role:
    """What arrivals of this kind are for where nobody says otherwise; ``jobs``: each is a submission."""
    if jobs:
        return Role.JOBS
    if asks is Asks.RETRIEVAL:
        return Role.RETRIEVAL_CAPACITY if _BY_KIND.get(kind) is Role.CAPACITY else Role.RETRIEVAL
    return _BY_KIND.get(kind, Role.EVERYDAY)
