"""Azure Container Apps on the consumption plan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.domain.target import Runtime, RuntimeConfig, Target
from harness.platforms.azure_container_apps.bill import BILLINGS
from harness.platforms.azure_container_apps.config import AzureContainerApp
from harness.platforms.front import Front
from harness.platforms.platform import Limits, Measure, Per, Platform, Subject, Tier
from harness.platforms.shared.rows import rows

FRONT = Front(
    *("Container Apps' ingress", 240.0, None),
    streams=True,
    no_place="it waits; 503 where no replica becomes ready",
    unconfirmed=("cuts_s", "no_place"),
)
_app = rows("azure-monitor")
SIGNALS = (
    _app("Requests total", Measure.REQUESTS, "count", "requests", tier=Tier.FRONT),
    _app("Replicas average", Measure.INSTANCES, "count", "replicas", per=Per.MOST),
    _app("ResponseTime average", Measure.DURATION, "ms", "response time, mean"),
    _app("RestartCount maximum", Measure.STARTS, "count", "restarts"),
    _app("UsageNanoCores average", Measure.CPU, "nanocores", "processors used"),
    _app("WorkingSetBytes average", Measure.MEMORY, "bytes", "memory used", per=Per.MOST),
)


def _at(options: Mapping[str, Any]) -> list[str]:
    return [f"Microsoft.App/containerApps/{name}"] if (name := options.get("container_app")) else []


def _control(target: Target, root: Path, base_url: str) -> Runtime:
    from harness.platforms.azure_container_apps.control import ContainerAppRuntime  # noqa: PLC0415
    from harness.platforms.shared.origins import azure  # noqa: PLC0415

    del root
    config = target.runtime
    assert isinstance(config, AzureContainerApp)
    return ContainerAppRuntime(target, config, base_url, azure())


def _front(config: RuntimeConfig) -> Front:
    del config
    return FRONT


PLATFORM = Platform(
    kind=AzureContainerApp.kind,
    title="Azure Container Apps",
    verified="spec only",
    config=AzureContainerApp,
    control=_control,
    billings=BILLINGS,
    signals=SIGNALS,
    subjects=(Subject("azure-monitor", SIGNALS, _at),),
    limits=Limits(front=_front),
    cloud="azure",
)
