"""Bills of Azure Functions, on Flex and on the classic consumption plan: executions and gigabyte-seconds.

On Flex the memory of an instance is billed while it executes anything, so executions that meet on one share its price
("Estimating consumption-based costs", Azure Functions); the classic plan bills each execution by itself.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from harness.domain.bill import Bill
from harness.platforms.billing import Billing, How, ToldBy
from harness.platforms.shared.terms import NONE, ONE, Amount, PriceTerms, Share, Size
from harness.platforms.shared.usage import Tariff, Usage

MEMORY_STEP_MB = Decimal(128)


class FlexTerms(PriceTerms):
    """An instance's memory, how many requests it takes at once, how many are always ready, and the share that meets one of these."""

    memory_mb: Size = Decimal(2048)
    concurrency: Size = Decimal(16)  # HTTP concurrency by itself, at 2,048 MB
    always_ready: Amount = NONE
    ready_share: Share = ONE


class ConsumptionTerms(PriceTerms):
    """The memory that the app uses."""

    memory_mb: Size = Decimal(1536)

    @property
    def stepped_mb(self) -> Decimal:
        """As the plan counts it."""
        return (self.memory_mb / MEMORY_STEP_MB).to_integral_value(ROUND_CEILING) * MEMORY_STEP_MB


def functions_flex(tariff: Tariff, terms: FlexTerms, usage: Usage) -> Bill:
    """``always_ready`` instances have a baseline and a busy price of their own, for the ``ready_share`` of executions.

    The rest, which met none of them, is billed on demand. A predicted month has its own share, where none is declared.
    """
    gb, ready = terms.memory_mb / 1024, terms.always_ready
    gb_seconds = usage.instance_s * gb
    kept = terms.ready_share if ready else NONE
    made = tariff.line("Executions", usage.requests, "flex_execution")
    if kept < 1:
        made += tariff.line("On-demand execution", gb_seconds * (1 - kept), "flex_gb_second")
    if ready:
        made += tariff.line("Always ready, baseline", ready * gb * usage.hours * 3600, "flex_ready_gb_second")
        made += tariff.line("Always ready, execution", gb_seconds * kept, "flex_ready_busy_gb_second")
    return made


def functions_consumption(tariff: Tariff, terms: ConsumptionTerms, usage: Usage) -> Bill:
    """The classic plan: memory in steps of 128 MB, executions and GB-seconds."""
    gb = terms.stepped_mb / 1024
    return tariff.line("Executions", usage.requests, "consumption_execution") + tariff.line(
        "Execution time", usage.billed_ms / 1000 * gb, "consumption_gb_second"
    )


MS = 0.001
FLEX_UNITS = {  # megabyte-milliseconds of instances
    "OnDemandFunctionExecutionUnits total": MS,
    "AlwaysReadyFunctionExecutionUnits total": MS,
}
UNITS = {"FunctionExecutionUnits total": 1.0}  # megabyte-milliseconds of executions
BILLINGS = (
    Billing(
        "functions-flex",
        How.INSTANCE_TIME,
        ToldBy.INSTANCES,
        FlexTerms,
        functions_flex,
        series=FLEX_UNITS,
        at_once=lambda terms: terms.concurrency,
        per_memory_mb=lambda terms: terms.memory_mb,
        kept_as="always_ready",
        kept_share="ready_share",
    ),
    Billing(
        "functions-consumption",
        How.REQUESTS,
        ToldBy.TOTAL,
        ConsumptionTerms,
        functions_consumption,
        series=UNITS,
        per_memory_mb=lambda terms: terms.stepped_mb,
    ),
)
