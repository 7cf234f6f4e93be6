"""How Lambda grows: a request that finds no free environment starts one, up to the concurrency; nothing waits.

Defaults: AWS's "Lambda quotas", "Understanding Lambda function scaling" and "Lambda execution environment lifecycle".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.domain.target import Target
from harness.platforms.aws_lambda.limits import STARTS_PER_10_S
from harness.platforms.scaling import Grows, Picks, Scaling, Stated, assumed, declared
from harness.platforms.shared.stated import concurrency_quota, fact, parameter, processors

MB_PER_VCPU = 1769.0
ACCOUNT = assumed(1000, 10, 1000, "Lambda quotas: 1,000 for an account and region, new accounts have less")


def scaling(target: Target, facts: Mapping[str, Any]) -> Scaling:
    """Of a function; on managed instances as of any other, whose size its bill declares."""
    kept = fact(facts, "provisioned", "requested") or parameter(target, "provisioned")
    return Scaling(
        grows=Grows.ON_DEMAND,
        picks=Picks.RECENT,
        at_once=declared(1, "one invocation an environment"),
        least=kept or declared(0, "no provisioned concurrency in [prices] or the control plane"),
        most=fact(facts, "reserved", "ReservedConcurrentExecutions") or concurrency_quota(target) or ACCOUNT,
        starts_at_once=declared(STARTS_PER_10_S, "Lambda function scaling: 1,000 environments in 10 s"),
        starts_per_s=declared(STARTS_PER_10_S / 10, "Lambda function scaling: refilled continuously"),
        idle_s=assumed(600, 240, 2700, "not documented; 5 to 15 minutes are usual, longer was seen"),
        vcpus=_vcpus(target),
        bills_starts=True,
        bills_idle=True,
    )


def _vcpus(target: Target) -> Stated:
    """By memory: one at 1,769 MB."""
    memory = parameter(target, "memory_mb")
    if memory is None:
        return processors(1024 / MB_PER_VCPU, "Lambda's memory is not declared; the bill's default is 1,024 MB")
    return declared(memory.value / MB_PER_VCPU, "one vCPU at 1,769 MB")
