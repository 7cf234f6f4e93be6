"""How SageMaker's serverless inference grows: an instance a request, up to the endpoint's MaxConcurrency, then an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.target import Target
from harness.platforms.scaling import Grows, Picks, Scaling, assumed, declared
from harness.platforms.shared.stated import concurrency_quota


def scaling(target: Target, facts: Mapping[str, Any]) -> Scaling:
    """Nobody asks its control plane: what [[quotas]] says of its concurrency is all that is declared."""
    del facts
    return Scaling(
        grows=Grows.ON_DEMAND,
        picks=Picks.RECENT,
        at_once=declared(1, "SageMaker serverless: one request an instance"),
        least=assumed(0, 0, 0, "provisioned concurrency is not asked for"),
        most=concurrency_quota(target) or assumed(20, 1, 200, "MaxConcurrency of an endpoint: 1 to 200"),
        idle_s=assumed(600, 120, 1800, "not documented"),
    )
