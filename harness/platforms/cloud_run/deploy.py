"""Its service, which has the service's name, from the manifest beside its target.toml."""

from __future__ import annotations

from harness.domain.target import Target
from harness.platforms.cloud_run.config import CloudRun
from harness.platforms.cloud_run.control import COUNTER
from harness.platforms.shared.google_deploy.part import Part

SIZES = ("vcpu", "memory_gib", "concurrency")


def part(target: Target) -> Part:
    """What a deployment must know of this target."""
    config = target.runtime
    assert isinstance(config, CloudRun)
    said = target.prices.parameters if target.prices else {}
    declared = {name: float(said[name]) for name in SIZES if name in said}
    return Part(target, config.project, config.region, config.service, declared, COUNTER)
