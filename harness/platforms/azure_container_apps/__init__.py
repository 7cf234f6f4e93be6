"""Azure Container Apps on the consumption plan."""

from __future__ import annotations

from pathlib import Path

from harness.domain.target import Runtime, RuntimeConfig, Target
from harness.platforms.azure_container_apps.bill import BILLINGS
from harness.platforms.azure_container_apps.config import AzureContainerApp
from harness.platforms.azure_container_apps.scaling import scaling
from harness.platforms.front import Front
from harness.platforms.platform import Limits, Measure, Per, Platform, Signal, Tier

FRONT = Front(
    *("Container Apps' ingress", 240.0, None),
    streams=True,
    no_place="it waits; 503 where no replica becomes ready",
    unconfirmed=("cuts_s", "no_place"),
)
MONITOR = "azure-monitor"
SIGNALS = (
    Signal("Requests total", MONITOR, Measure.REQUESTS, "count", "requests", Tier.FRONT, Per.SUM),
    Signal("Replicas average", MONITOR, Measure.INSTANCES, "count", "replicas", per=Per.MOST),
    Signal("ResponseTime average", MONITOR, Measure.DURATION, "ms", "response time, mean", per=Per.MEAN),
    Signal("RestartCount maximum", MONITOR, Measure.STARTS, "count", "restarts", per=Per.MOST),
    Signal("UsageNanoCores average", MONITOR, Measure.CPU, "nanocores", "processors used", per=Per.MEAN),
    Signal("WorkingSetBytes average", MONITOR, Measure.MEMORY, "bytes", "memory used", per=Per.MOST),
)


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
    limits=Limits(front=_front),
    cloud="azure",
    scaling=scaling,
)
