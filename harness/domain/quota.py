"""Quotas: what a platform lets one account do, and which of a load's needs counts against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Need(StrEnum):
    """What a load uses of a quota, at its peak."""

    CONCURRENCY = "concurrency"
    REQUESTS_PER_S = "requests_per_s"
    TOKENS_PER_MINUTE = "tokens_per_minute"
    VCPU = "vcpu"


@dataclass(frozen=True)
class QuotaConfig:
    """A quota that target.toml names: by its code, or by a number that somebody has looked up."""

    name: str
    needs: Need
    limit: float | None = None
    service: str | None = None
    code: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class Quota:
    """One quota as it was read; ``limit`` is None where it could not be, with the reason."""

    name: str
    needs: Need
    limit: float | None
    reason: str = ""
    shared: bool = True  # with whatever else the account runs
    request: str = field(default="", compare=False)  # the command that raises it; {value}: how much is wanted
    lead: str = field(default="", compare=False)  # how long that takes


@dataclass(frozen=True)
class Granted:
    """A limit that a target's account was read to have."""

    target: str
    name: str
    needs: Need
    limit: float
