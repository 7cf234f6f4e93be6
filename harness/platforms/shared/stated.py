"""Figures of a target's scaling, from where somebody says them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.domain.quota import Need
from harness.domain.target import Target
from harness.platforms.scaling import Stated, assumed, declared


def number(said: Any) -> float | None:  # noqa: ANN401 - whatever a control plane says
    """What reads as a number; None else."""
    try:
        return None if isinstance(said, bool) else float(said)
    except (TypeError, ValueError):
        return None


def fact(facts: Mapping[str, Any], *path: str) -> Stated | None:
    """What the control plane said at this path; None where it said nothing."""
    here: Any = facts
    for key in path:
        here = here.get(key) if isinstance(here, Mapping) else None
    value = number(here)
    return None if value is None else declared(value, "the control plane")


def parameter(target: Target, name: str) -> Stated | None:
    """What [prices] declares; None where it leaves the bill's default."""
    said = number(target.prices.parameters.get(name)) if target.prices else None
    return None if said is None else declared(said, f"prices.parameters.{name}")


def concurrency_quota(target: Target) -> Stated | None:
    """The least that [[quotas]] of target.toml say of requests in progress; None where none says a number."""
    said = [q.limit for q in target.quotas if q.needs is Need.CONCURRENCY and q.limit is not None]
    return declared(min(said), "[[quotas]] of target.toml") if said else None


def by_the_hour(target: Target) -> bool:
    """Whether [prices] says that it is scaled."""
    return bool(target.prices and number(target.prices.parameters.get("autoscale")))


def processors(count: float, source: str) -> Stated:
    """Of one instance, where nobody says how many."""
    return assumed(count, count, count, source)


def unlimited_at_once(source: str) -> Stated:
    """Of a front that hands every request on: how many an instance holds is the service's own affair."""
    return assumed(math.inf, 1, math.inf, source)
