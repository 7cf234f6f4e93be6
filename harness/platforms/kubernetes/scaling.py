"""How a Deployment or a Knative Service grows: replicas that stand, an autoscaler where [prices] or its notes say one.

Defaults: Kubernetes' "Horizontal Pod Autoscaling" (15 s, five minutes before fewer), Knative's "Autoscaling" (a stable
window of 60 s, 70 % of the concurrency, scale to zero after 30 s).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.domain.target import Target
from harness.platforms.kubernetes.config import Kubernetes
from harness.platforms.scaling import (
    NO_TIME,
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
from harness.platforms.shared.stated import by_the_hour, fact, number, processors, unlimited_at_once

HPA = Scaler(
    share=assumed(0.6, 0.5, 0.8, "a target of 60 % is usual"),
    window_s=declared(30, "Horizontal Pod Autoscaling: the metrics' window"),
    every_s=declared(15, "Horizontal Pod Autoscaling: every 15 s"),
    lag_s=assumed(5, 1, 30, "a pod is scheduled and its image pulled"),
    down_s=declared(300, "Horizontal Pod Autoscaling: stabilisation window"),
    at_need=False,
)
KPA = Scaler(
    share=declared(0.7, "Knative: target utilisation of 70 %"),
    window_s=declared(60, "Knative: stable window"),
    every_s=declared(2, "Knative: tick interval"),
    lag_s=NO_TIME,
    down_s=assumed(90, 60, 120, "Knative: stable window and grace period to zero"),
)
PREFIX = "autoscaling.knative.dev/"


def scaling(target: Target, facts: Mapping[str, Any]) -> Scaling:
    """As its annotations or its replicas say."""
    config = target.runtime
    if isinstance(config, Kubernetes) and config.knative:
        return _knative(facts.get("annotations") or {})
    replicas = fact(facts, "replicas") or _undeclared()
    grows = by_the_hour(target)
    return Scaling(
        grows=Grows.AUTOSCALER if grows else Grows.FIXED,
        picks=Picks.LEAST,
        at_once=unlimited_at_once("a Service hands every request on"),
        least=replicas,
        most=assumed(replicas.value * 5, replicas.value, math.inf, "nobody says how far it scales")
        if grows
        else replicas,
        waiting=Waiting(NOT_LIMITED, NOT_LIMITED),
        scaler=HPA if grows else None,
        vcpus=processors(1, "the pod's processors are not declared"),
        bills_starts=True,
        bills_idle=True,
    )


def _undeclared() -> Stated:
    return assumed(2, 1, 10, "the control plane was not asked how many replicas there are")


def _knative(annotations: Mapping[str, Any]) -> Scaling:
    least, most, target = (number(annotations.get(PREFIX + key)) for key in ("min-scale", "max-scale", "target"))
    said = "the revision's annotations"
    unset = most is None or most == 0
    return Scaling(
        grows=Grows.AUTOSCALER,
        picks=Picks.LEAST,
        at_once=declared(target, said) if target else assumed(100, 10, 1000, "Knative: a target of 100 by default"),
        least=declared(least, said) if least is not None else assumed(0, 0, 0, "Knative: min-scale 0 by default"),
        most=assumed(100, 1, math.inf, "Knative: no max-scale by default") if unset else declared(most or 0, said),
        waiting=Waiting(NOT_LIMITED, declared(300, "Knative: revision timeout")),
        scaler=KPA,
        idle_s=KPA.down_s,
        vcpus=processors(1, "the pod's processors are not declared"),
        bills_starts=True,
        bills_idle=True,
    )
