"""How ECS grows: as many tasks as are declared; service auto scaling only where [prices] says ``autoscale``.

Defaults: AWS's "Target tracking scaling policies": three minutes beyond the target scale out, fifteen below it scale in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.domain.target import Target
from harness.platforms.scaling import (
    NOT_LIMITED,
    Grows,
    Picks,
    Scaler,
    Scaling,
    Stated,
    Waiting,
    assumed,
    declared,
)
from harness.platforms.shared.stated import by_the_hour, fact, parameter, processors, unlimited_at_once

TRACKING = Scaler(
    share=assumed(0.6, 0.5, 0.8, "a target of 60 % is usual"),
    window_s=declared(180, "target tracking: three minutes beyond the target"),
    every_s=declared(60, "target tracking: a minute's metric"),
    lag_s=assumed(20, 5, 60, "a task is placed and its image pulled"),
    down_s=declared(900, "target tracking: fifteen minutes below the target"),
    at_need=False,
)


def scaling(target: Target, facts: Mapping[str, Any]) -> Scaling:
    """Tasks as the control plane counts them, else as [prices] declares; what waits does so in the service."""
    tasks = fact(facts, "desiredCount") or parameter(target, "tasks") or machines(target)
    grows = by_the_hour(target)
    return Scaling(
        grows=Grows.AUTOSCALER if grows else Grows.FIXED,
        picks=Picks.LEAST,
        at_once=unlimited_at_once("a load balancer hands every request on"),
        least=tasks,
        most=assumed(tasks.value * 10, tasks.value, math.inf, "nobody says how far it scales") if grows else tasks,
        waiting=Waiting(NOT_LIMITED, NOT_LIMITED),
        scaler=TRACKING if grows else None,
        vcpus=parameter(target, "vcpu") or processors(1, "the size of a task is not declared"),
        bills_starts=True,
        bills_idle=True,
    )


def machines(target: Target) -> Stated:
    """As many as the bill counts: how many tasks a machine carries is not told."""
    from harness.platforms.pricing import pricing_of  # noqa: PLC0415 - the registry that it asks knows this module

    if target.prices is None:
        return assumed(1, 1, 10, "nobody says how many tasks there are")
    count = pricing_of(target.prices).units
    if count <= 0:
        return assumed(1, 1, 10, "nobody says how many tasks there are")
    return assumed(count, count, count * 4, "one task a machine; the control plane says how many there are")
