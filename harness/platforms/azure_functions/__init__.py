"""Azure Functions, on Flex and on the classic consumption plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.domain.target import Target
from harness.platforms.azure_functions.bill import BILLINGS
from harness.platforms.azure_functions.config import AzureFunctionApp
from harness.platforms.azure_functions.scaling import scaling
from harness.platforms.front import Front
from harness.platforms.platform import (
    Deploying,
    Limits,
    Measure,
    Most,
    Per,
    Platform,
    Subject,
    controlled_by,
    examined_by,
)
from harness.platforms.shared.rows import rows

FRONT = Front(
    "the ASGI bridge of Functions",
    cuts_s=230.0,
    request_bytes=None,
    streams=False,
    no_place="429 or 503 while instances are added",
    unconfirmed=("no_place",),
)
_app = rows("azure-monitor")
FLEX = (
    _app("OnDemandFunctionExecutionCount total", Measure.REQUESTS, "count", "executions"),
    _app("OnDemandFunctionExecutionUnits total", Measure.BILLED, "MB-ms", "execution units"),
    _app("AlwaysReadyFunctionExecutionCount total", Measure.REQUESTS, "count", "executions on kept instances"),
    _app("AlwaysReadyFunctionExecutionUnits total", Measure.BILLED, "MB-ms", "execution units on kept instances"),
    _app("InstanceCount average", Measure.INSTANCES, "count", "instances", per=Per.MOST),
    _app("MemoryWorkingSet average", Measure.MEMORY, "bytes", "memory used", per=Per.MOST),
)
CONSUMPTION = (  # a metric that an app has not fails the whole question, so each plan has its own
    _app("FunctionExecutionCount total", Measure.REQUESTS, "count", "executions"),
    _app("FunctionExecutionUnits total", Measure.BILLED, "MB-ms", "execution units"),
    FLEX[-1],
)


def _of_plan(plan: str) -> Callable[[Mapping[str, Any]], list[str]]:
    def at(options: Mapping[str, Any]) -> list[str]:
        named = options.get("function_app") and options["plan"] == plan
        return [f"Microsoft.Web/sites/{options['function_app']}"] if named else []

    return at


SERVICE_LIMITS = "Azure Functions service limits (functions-scale)"
FLEX_MOST = Most(memory_mb=4_096, source=f"{SERVICE_LIMITS}: 4 GB on Flex, no limit of time")
CONSUMPTION_MOST = Most(600.0, 600.0, 1_536, source=f"{SERVICE_LIMITS}: 1.5 GB and 10 min on the consumption plan")


def _most(target: Target, facts: Mapping[str, Any]) -> Most:
    """By the plan that it is billed as; Flex, the larger one, where that is not known."""
    del facts
    return CONSUMPTION_MOST if target.prices and target.prices.model == "functions-consumption" else FLEX_MOST


PLATFORM = Platform(
    kind=AzureFunctionApp.kind,
    title="Azure Functions",
    verified="spec only",
    config=AzureFunctionApp,
    control=controlled_by(f"{__name__}.control"),
    billings=BILLINGS,
    signals=(*FLEX, *CONSUMPTION[:-1]),
    subjects=(
        Subject("azure-monitor", FLEX, _of_plan("flex")),
        Subject("azure-monitor", CONSUMPTION, _of_plan("consumption")),
    ),
    limits=Limits(FRONT, most=_most),
    cloud="azure",
    examine=examined_by(f"{__name__}.examine"),
    scaling=scaling,
    deploying=Deploying(f"{__name__}.deploy", "harness.platforms.shared.azure_deploy.deployment"),
)
