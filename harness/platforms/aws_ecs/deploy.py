"""Its service's stack, which has the service's name, on the cluster of the stack that all share, which has the cluster's."""

from __future__ import annotations

from harness.domain.target import Target
from harness.platforms.aws_ecs.config import AUTOSCALING, AwsEcs, on_own_machines
from harness.platforms.pricing import pricing_of
from harness.platforms.shared.aws_deploy.part import Part
from harness.platforms.shared.deploy.part import Setting, declared
from harness.platforms.shared.terms import MachineTerms

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
        settings={**declared(target, SETTINGS), **_machines(target)},
        gives={"base_url": ("BaseUrl",), "load_balancer": ("LoadBalancer",)},
        logs=(f"/ecs/{config.service}",),
        minutes=5,
        service=config.service,
        roles=(AUTOSCALING,) if on_own_machines(target) else (),
    )


def _machines(target: Target) -> dict[str, str]:
    """As [prices] bills them; of several types the template has no parameters."""
    terms = pricing_of(target.prices).terms if target.prices else None
    if not isinstance(terms, MachineTerms) or len(terms.machines) != 1:
        return {}
    [(kind, count)] = terms.machines.items()
    return {"MachineType": kind.replace("_", ".", 1), "Machines": f"{count.normalize():f}"}
