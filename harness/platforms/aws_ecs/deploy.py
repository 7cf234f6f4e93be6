"""Its service's stack, which has the service's name, on the cluster of the stack that all share, which has the cluster's."""

from __future__ import annotations

from harness.domain.target import Target
from harness.platforms.aws_ecs.config import AUTOSCALING, AwsEcs, on_own_machines
from harness.platforms.shared.aws_deploy.part import Part
from harness.platforms.shared.deploy.part import Setting, declared

SETTINGS = {
    "tasks": Setting("Tasks"),
    "vcpu": Setting("Cpu", unit=1024),
    "memory_gb": Setting("Memory", unit=1024),
}


def part(target: Target) -> Part:
    """What a deployment must know of this target."""
    config = target.runtime
    assert isinstance(config, AwsEcs)
    return Part(
        target,
        stack=config.service,
        base=config.cluster,
        region=config.region,
        settings=declared(target, SETTINGS),
        gives={"base_url": ("BaseUrl",), "load_balancer": ("LoadBalancer",)},
        logs=(f"/ecs/{config.service}",),
        minutes=5,
        service=config.service,
        roles=(AUTOSCALING,) if on_own_machines(target) else (),
    )
