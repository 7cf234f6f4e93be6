"""Its app's template with a plan and a storage account of its own, then its code; the identity is the group's."""

from __future__ import annotations

from harness.domain.target import Target
from harness.platforms.azure_functions.config import AzureFunctionApp
from harness.platforms.shared.azure_deploy.part import PLAN, SITE, STORAGE, Part, Resource
from harness.platforms.shared.deploy.part import Setting, declared

SETTINGS = {
    "memory_mb": Setting("instanceMemoryMB"),
    "always_ready": Setting("alwaysReady"),
    "concurrency": Setting("httpConcurrency"),
}


def part(target: Target) -> Part:
    """What a deployment must know of this target; plan and storage account have the app's name."""
    config = target.runtime
    assert isinstance(config, AzureFunctionApp)
    return Part(
        target,
        subscription=config.subscription,
        group=config.resource_group,
        app=config.app,
        settings=declared(target, SETTINGS),
        gives={"base_url": "baseUrl"},
        keeps=(Resource(SITE, config.app), Resource(PLAN, config.app), Resource(STORAGE, config.app)),
        minutes=3,
        providers=("Microsoft.Web", "Microsoft.Storage"),
        says={"function_app": config.app},
        package="make_package.py",
    )
