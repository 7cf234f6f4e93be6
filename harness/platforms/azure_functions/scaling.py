"""How Functions on Flex Consumption grow: an instance for each so many requests in hand, up to the app's maximum.

Defaults: Azure's "Flex Consumption plan": HTTP concurrency by memory (16 at 2,048 MB, 4 at 512), 100 instances.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.target import Target
from harness.platforms.scaling import Grows, Picks, Scaling, assumed
from harness.platforms.shared.stated import fact, parameter, processors


def scaling(target: Target, facts: Mapping[str, Any]) -> Scaling:
    """Always-ready instances of the HTTP group are the least there are."""
    groups = {str(r.get("name")): r.get("instanceCount") for r in facts.get("alwaysReady") or ()}
    ready = fact(groups, "http") or parameter(target, "always_ready")
    return Scaling(
        grows=Grows.ON_DEMAND,
        picks=Picks.LEAST,
        at_once=fact(facts, "httpConcurrency")
        or parameter(target, "concurrency")
        or assumed(16, 1, 16, "Flex Consumption: 16 at 2,048 MB of memory"),
        least=ready or assumed(0, 0, 0, "always ready: none by default"),
        most=fact(facts, "maximumInstanceCount") or assumed(100, 40, 1000, "Flex Consumption: 100 by default"),
        idle_s=assumed(600, 120, 1200, "not documented"),
        vcpus=processors(1, "one core at 2,048 MB"),
        bills_starts=True,
        bills_idle=True,
    )
