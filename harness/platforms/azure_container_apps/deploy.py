"""Its app's template, on the environment, registry and identity that all targets of a resource group share."""

from __future__ import annotations

from harness.domain.target import Target
from harness.platforms.azure_container_apps.config import AzureContainerApp
from harness.platforms.shared.azure_deploy.part import APP, Part, Resource
from harness.platforms.shared.deploy.part import Setting, declared

SETTINGS = {
    "vcpu": Setting("cpu"),
    "memory_gib": Setting("memory", form="{}Gi"),
    "concurrency": Setting("concurrentRequests"),
}


def part(target: Target) -> Part:
    """What a deployment must know of this target."""
    config = target.runtime
    assert isinstance(config, AzureContainerApp)
    return Part(
        target,
        subscription=config.subscription,
        group=config.resource_group,
        app=config.app,
        settings=declared(target, SETTINGS),
        gives={"base_url": "baseUrl"},
        keeps=(Resource(APP, config.app),),
        minutes=2,
        providers=(),
    )
