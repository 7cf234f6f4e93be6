"""How Cloud Run grows: by an autoscaler that aims at a share of the concurrency, with a wait for an instance.

Defaults: Google's "About instance autoscaling", "Maximum concurrent requests", "Set maximum instances".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.target import Target
from harness.platforms.cloud_run.bill import BY_LIFE
from harness.platforms.scaling import NO_TIME, NOT_LIMITED, Grows, Picks, Scaler, Scaling, Waiting, assumed, declared
from harness.platforms.shared.stated import fact, parameter, processors

CONCURRENCY = assumed(80, 80, 1000, "Cloud Run's default concurrency; at most 1,000")
SCALER = Scaler(
    share=declared(0.6, "About instance autoscaling: 60 % of the concurrency"),
    window_s=declared(60, "About instance autoscaling: over one minute"),
    every_s=assumed(5, 2, 10, "About instance autoscaling: about every five seconds"),
    lag_s=NO_TIME,
    down_s=assumed(900, 60, 900, "About instance autoscaling: idle for up to 15 minutes"),
)


def scaling(target: Target, facts: Mapping[str, Any]) -> Scaling:
    """Of a service; its control plane says more than [prices] does."""
    return Scaling(
        grows=Grows.AUTOSCALER,
        picks=Picks.LEAST,
        at_once=fact(facts, "concurrency") or parameter(target, "concurrency") or CONCURRENCY,
        least=fact(facts, "minInstances") or assumed(0, 0, 0, "minimum instances: none by default"),
        most=fact(facts, "maxInstances") or assumed(100, 1, 1000, "maximum instances: 100 by default"),
        waiting=Waiting(NOT_LIMITED, declared(10, "it waits for 10 s or 3.5 mean starts"), starts=3.5),
        scaler=SCALER,
        idle_s=SCALER.down_s,
        vcpus=parameter(target, "vcpu") or processors(1, "the bill's default is one vCPU"),
        bills_starts=True,
        bills_idle=target.prices is not None and target.prices.model == BY_LIFE,
    )
