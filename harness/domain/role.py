"""What a profile is for: charts, page one and costs ask its role, never its name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """One a profile; several profiles may share one."""

    EVERYDAY = "everyday"
    BURST = "burst"
    COLD = "cold"
    FROM_ZERO = "from-zero"
    KEEP_ALIVE = "keep-alive"
    CAPACITY = "capacity"
    JOBS = "jobs"


PACED = (Role.EVERYDAY, Role.BURST)  # sent at instants that no answer changes; a promise is judged under these
_BY_KIND: Mapping[str, Role] = {
    "square_burst": Role.BURST,
    "cold-starts": Role.COLD,
    "from-zero": Role.FROM_ZERO,
    "keep-alive": Role.KEEP_ALIVE,
    "capacity": Role.CAPACITY,
}


def role_of(kind: str, *, jobs: bool = False) -> Role:
    """What arrivals of this kind are for where nobody says otherwise; ``jobs``: each is a submission."""
    return Role.JOBS if jobs else _BY_KIND.get(kind, Role.EVERYDAY)
