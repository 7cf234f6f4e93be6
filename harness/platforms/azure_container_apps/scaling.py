"""How Container Apps grow: KEDA's HTTP rule, requests in hand over the rule's concurrency; what has no place waits.

Defaults: Azure's "Set scaling rules": a look every 15 s, 300 s cool-down, 10 concurrent requests, 0 to 10 replicas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.target import Target
from harness.platforms.scaling import NOT_LIMITED, Grows, Picks, Scaler, Scaling, Waiting, assumed, declared
from harness.platforms.shared.stated import fact, parameter, processors

SCALER = Scaler(
    share=declared(1, "Set scaling rules: requests over the rule's concurrency"),
    window_s=declared(15, "Set scaling rules: requests of the last 15 s"),
    every_s=declared(15, "Set scaling rules: polling interval"),
    lag_s=assumed(5, 1, 30, "a replica is placed and its image pulled"),
    down_s=declared(300, "Set scaling rules: cool-down period"),
)


def scaling(target: Target, facts: Mapping[str, Any]) -> Scaling:
    """Replicas between the two bounds of the control plane."""
    return Scaling(
        grows=Grows.AUTOSCALER,
        picks=Picks.LEAST,
        at_once=parameter(target, "concurrency") or assumed(10, 10, 100, "the HTTP rule's default concurrency"),
        least=fact(facts, "minReplicas") or assumed(0, 0, 0, "minReplicas: none by default"),
        most=fact(facts, "maxReplicas") or assumed(10, 1, 300, "maxReplicas: 10 by default"),
        waiting=Waiting(NOT_LIMITED, declared(240, "the ingress cuts a request at 240 s")),
        scaler=SCALER,
        idle_s=SCALER.down_s,
        vcpus=parameter(target, "vcpu") or processors(1, "the bill's default is one vCPU"),
        bills_starts=True,
        bills_idle=True,
    )
