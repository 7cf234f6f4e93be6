"""Azure Container Apps on the consumption plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.platforms.azure_container_apps.bill import BILLINGS
from harness.platforms.azure_container_apps.config import AzureContainerApp
from harness.platforms.azure_container_apps.scaling import scaling
from harness.platforms.front import Front
from harness.platforms.platform import (
    Deploying,
    Limits,
    Measure,
    Per,
    Platform,
    Subject,
    Tier,
    controlled_by,
    examined_by,
)
from harness.platforms.shared.rows import rows

FRONT = Front(
    "Container Apps' ingress",
    cuts_s=240.0,
    request_bytes=None,
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


PLATFORM = Platform(
    kind=AzureContainerApp.kind,
    title="Azure Container Apps",
    verified="spec only",
    config=AzureContainerApp,
    control=controlled_by(f"{__name__}.control"),
    billings=BILLINGS,
    signals=SIGNALS,
    subjects=(Subject("azure-monitor", SIGNALS, _at),),
    limits=Limits(FRONT),
    cloud="azure",
    examine=examined_by(f"{__name__}.examine"),
    scaling=scaling,
    deploying=Deploying(f"{__name__}.deploy", "harness.platforms.shared.azure_deploy.deployment"),
)
