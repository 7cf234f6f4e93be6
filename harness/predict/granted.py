"""Quotas as limits of a fleet, as ``pilot check`` read them or target.toml states them: somebody grants so many, so nobody assumes more."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.domain.quota import Granted, Need
from harness.domain.target import Target
from harness.evidence.store import Store
from harness.platforms.scaling import Basis, Grows, Scaling, declared
from harness.predict.fitted import Fitted
from harness.predict.parameter import What
from harness.predict.parameter import stated as stated_as

READ, STATED = "the account's quota {name}, as pilot check read it", "{name}, [[quotas]] of target.toml"


def granted(store: Store) -> tuple[Granted, ...]:
    """Every limit that the checks before the first block read; what is no longer a known need bounds nothing."""
    rows: Sequence[Mapping[str, Any]] = [row for group in (store.checks() or {}).values() for row in group]
    said = [one for row in rows if (one := row.get("granted"))]
    return tuple(
        Granted(one["target"], one["name"], Need(one["needs"]), float(one["limit"]))
        for one in said
        if one["needs"] in set(Need)
    )


def stated(target: Target) -> tuple[Granted, ...]:
    """Those of [[quotas]] that say a number."""
    return tuple(Granted(target.name, q.name, q.needs, q.limit) for q in target.quotas if q.limit is not None)


def within(scaling: Scaling, target: str, limits: Sequence[Granted], by: str = READ) -> Scaling:
    """With no more instances than the smallest limit lets it have; never fewer than it is declared to keep."""
    if (smallest := room(scaling, target, limits)) is None:
        return scaling
    count, name = smallest
    if count >= scaling.most.low and scaling.most.value <= count and not scaling.most.ranges:
        return scaling
    most = max(count, scaling.least.value)
    return replace(scaling, most=declared(most, by.format(name=name)))


def room(scaling: Scaling, target: str, limits: Sequence[Granted]) -> tuple[float, str] | None:
    """How many instances the smallest limit lets it have, and its name; None where none counts them."""
    counts = ((_instances(scaling, one), one.name) for one in limits if one.target == target)
    return min(((count, name) for count, name in counts if count is not None), default=None)


def _instances(scaling: Scaling, one: Granted) -> float | None:
    """Instances that a limit comes to; None of one that counts neither requests in progress nor processors."""
    if one.needs is Need.CONCURRENCY and math.isfinite(scaling.at_once.value):
        return max(1.0, math.floor(one.limit / scaling.at_once.value))
    if one.needs is Need.VCPU and scaling.vcpus.value > 0:
        return max(1.0, math.floor(one.limit / scaling.vcpus.value))
    return None


def seen_at_once(fitted: Fitted) -> int:
    """Instances that answered at one instant: as answers name them, else as many as hold what was in progress."""
    assert fitted.scaling is not None
    driven, holds = fitted.driven, fitted.scaling.at_once.high
    return max(driven.instances or 0, math.ceil(driven.in_flight / max(1.0, holds)) if math.isfinite(holds) else 0)


def as_seen(fitted: Fitted) -> Fitted:
    """An assumed limit is no lower than what was there while it was measured."""
    scaling = fitted.scaling
    if scaling is None or scaling.most.basis is Basis.DECLARED or scaling.grows is Grows.FIXED:
        return fitted
    seen, most = seen_at_once(fitted), scaling.most
    if seen <= most.low:
        return fitted
    most = replace(most, value=max(seen, most.value), low=seen, high=max(seen, most.high))
    told = (stated_as(What.MOST, "instances", most) if p.what is What.MOST else p for p in fitted.parameters)
    return replace(fitted, scaling=replace(scaling, most=most), parameters=tuple(told))
