"""How a target grows: as its platform says, else as its bill implies, every such figure a stated assumption."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.domain.target import Target
from harness.platforms import registry
from harness.platforms.billing import How
from harness.platforms.pricing import Pricing, pricing_of
from harness.platforms.scaling import NOT_LIMITED, Grows, Picks, Scaling, Waiting, assumed, declared

NOBODY = "nobody says; assumed of what is billed "


def scaling_of(target: Target, facts: Mapping[str, Any]) -> Scaling | None:
    """None where neither a platform nor [prices] says anything."""
    own = registry.scaling_of(target, facts)
    return own if own is not None or target.prices is None else _as_billed(pricing_of(target.prices))


def _as_billed(pricing: Pricing) -> Scaling:
    """A capacity stands as it is declared; what is billed by use starts an instance where a request finds no place."""
    billing, source = pricing.billing, NOBODY + pricing.billing.how.value
    if billing.how is How.CAPACITY:
        size = declared(pricing.units, "[prices] of target.toml")
        places = assumed(math.inf, 1, math.inf, source)
        return Scaling(Grows.FIXED, Picks.LEAST, places, size, size, waiting=Waiting(NOT_LIMITED, NOT_LIMITED))
    held = billing.at_once
    places = assumed(1, 1, 1, source) if held is None else declared(float(held(pricing.terms)), "[prices]")
    return Scaling(
        Grows.ON_DEMAND,
        Picks.RECENT,
        places,
        least=assumed(0, 0, 0, source),
        most=assumed(math.inf, 1, math.inf, source),
        idle_s=assumed(600, 60, 3600, source),
    )
