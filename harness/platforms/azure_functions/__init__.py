"""Azure Functions, on Flex and on the classic consumption plan."""

from __future__ import annotations

from pathlib import Path

from harness.domain.target import Runtime, RuntimeConfig, Target
from harness.platforms.azure_functions.bill import BILLINGS
from harness.platforms.azure_functions.config import AzureFunctionApp
from harness.platforms.azure_functions.scaling import scaling
from harness.platforms.front import Front
from harness.platforms.platform import Limits, Measure, Per, Platform, Signal

FRONT = Front(
    *("the ASGI bridge of Functions", 230.0, None),
    streams=False,
    no_place="429 or 503 while instances are added",
    unconfirmed=("cuts_s", "no_place"),
)
MONITOR = "azure-monitor"
SIGNALS = (
    Signal("OnDemandFunctionExecutionCount total", MONITOR, Measure.REQUESTS, "count", "executions", per=Per.SUM),
    Signal("FunctionExecutionCount total", MONITOR, Measure.REQUESTS, "count", "executions", per=Per.SUM),
    Signal("OnDemandFunctionExecutionUnits total", MONITOR, Measure.BILLED, "MB-ms", "execution units", per=Per.SUM),
    Signal("FunctionExecutionUnits total", MONITOR, Measure.BILLED, "MB-ms", "execution units", per=Per.SUM),
    Signal(
        "AlwaysReadyFunctionExecutionCount total",
        MONITOR,
        Measure.REQUESTS,
        "count",
        "executions on kept instances",
        per=Per.SUM,
    ),
    Signal(
        *("AlwaysReadyFunctionExecutionUnits total", MONITOR, Measure.BILLED, "MB-ms"),
        "execution units on kept instances",
        per=Per.SUM,
    ),
    Signal("InstanceCount average", MONITOR, Measure.INSTANCES, "count", "instances", per=Per.MOST),
    Signal("MemoryWorkingSet average", MONITOR, Measure.MEMORY, "bytes", "memory used", per=Per.MOST),
)


def _control(target: Target, root: Path, base_url: str) -> Runtime:
    from harness.platforms.azure_functions.control import FunctionAppRuntime  # noqa: PLC0415
    from harness.platforms.shared.origins import azure  # noqa: PLC0415

    del root
    config = target.runtime
    assert isinstance(config, AzureFunctionApp)
    return FunctionAppRuntime(target, config, base_url, azure())


def _front(config: RuntimeConfig) -> Front:
    del config
    return FRONT


PLATFORM = Platform(
    kind=AzureFunctionApp.kind,
    title="Azure Functions",
    verified="spec only",
    config=AzureFunctionApp,
    control=_control,
    billings=BILLINGS,
    signals=SIGNALS,
    limits=Limits(front=_front),
    cloud="azure",
    scaling=scaling,
)
