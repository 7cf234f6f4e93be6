"""Quotas that ``pilot check`` read from an account, as limits of a fleet: somebody grants so many, so nobody assumes more."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.domain.quota import Granted, Need
from harness.evidence.store import Store
from harness.platforms.scaling import Scaling, declared


def granted(store: Store) -> tuple[Granted, ...]:
    """Every limit that the checks before the first block read; what is no longer a known need bounds nothing."""
    rows: Sequence[Mapping[str, Any]] = [row for group in (store.checks() or {}).values() for row in group]
    said = [one for row in rows if (one := row.get("granted"))]
    return tuple(
        Granted(one["target"], one["name"], Need(one["needs"]), float(one["limit"]))
        for one in said
        if one["needs"] in set(Need)
    )


def within(scaling: Scaling, target: str, limits: Sequence[Granted]) -> Scaling:
    """With no more instances than the smallest limit lets it have; never fewer than it is declared to keep."""
    mine = [
        (count, one.name) for one in limits if one.target == target and (count := _instances(scaling, one)) is not None
    ]
    if not mine:
        return scaling
    count, name = min(mine)
    if count >= scaling.most.low and scaling.most.value <= count and not scaling.most.ranges:
        return scaling
    most = max(count, scaling.least.value)
    return replace(scaling, most=declared(most, f"the account's quota {name}, as pilot check read it"))


def _instances(scaling: Scaling, one: Granted) -> float | None:
    """Instances that a limit comes to; None of one that counts neither requests in progress nor processors."""
    if one.needs is Need.CONCURRENCY and math.isfinite(scaling.at_once.value):
        return max(1.0, math.floor(one.limit / scaling.at_once.value))
    if one.needs is Need.VCPU and scaling.vcpus.value > 0:
        return max(1.0, math.floor(one.limit / scaling.vcpus.value))
    return None
