"""Routing rules of a router as data: what a report writes down and a team carries over to its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class When(StrEnum):
    """What a rule looks at, in the order in which rules are asked."""

    TENANT = "tenant"
    LENGTH = "length"
    CANARY = "canary"
    OVERFLOW = "overflow"
    OTHERWISE = "otherwise"
    REFUSED = "refused"


@dataclass(frozen=True)
class RoutingRule:
    """``to``: a target's name, of a fallback None: the other one. ``figure``: characters, a share, or requests in hand."""

    when: When
    to: str | None
    figure: float | None = None
    names: tuple[str, ...] = ()  # tenants, statuses, or what the canary's key is
