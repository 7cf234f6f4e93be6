"""Bills of Azure Functions, on Flex and on the classic consumption plan: executions and gigabyte-seconds."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from harness.domain.bill import Bill
from harness.platforms.billing import Billing, How, ToldBy
from harness.platforms.shared.terms import NONE, Amount, PriceTerms, Size
from harness.platforms.shared.usage import Tariff, Usage

MEMORY_STEP_MB = Decimal(128)


class FlexTerms(PriceTerms):
    """An instance's memory, and how many are always ready."""

    memory_mb: Size = Decimal(2048)
    always_ready: Amount = NONE


class ConsumptionTerms(PriceTerms):
    """The memory that the app uses."""

    memory_mb: Size = Decimal(1536)

    @property
    def stepped_mb(self) -> Decimal:
        """As the plan counts it."""
        return (self.memory_mb / MEMORY_STEP_MB).to_integral_value(ROUND_CEILING) * MEMORY_STEP_MB


def functions_flex(tariff: Tariff, terms: FlexTerms, usage: Usage) -> Bill:
    """On demand; always-ready instances have a baseline and a busy price of their own."""
    gb = terms.memory_mb / 1024
    ready = terms.always_ready
    gb_seconds = usage.billed_ms / 1000 * gb
    if not ready:
        return tariff.line("Executions", usage.requests, "flex_execution") + tariff.line(
            "On-demand execution", gb_seconds, "flex_gb_second"
        )
    return (
        tariff.line("Executions", usage.requests, "flex_execution")
        + tariff.line("Always ready, baseline", ready * gb * usage.hours * 3600, "flex_ready_gb_second")
        + tariff.line("Always ready, execution", gb_seconds, "flex_ready_busy_gb_second")
    )


def functions_consumption(tariff: Tariff, terms: ConsumptionTerms, usage: Usage) -> Bill:
    """The classic plan: memory in steps of 128 MB, executions and GB-seconds."""
    gb = terms.stepped_mb / 1024
    return tariff.line("Executions", usage.requests, "consumption_execution") + tariff.line(
        "Execution time", usage.billed_ms / 1000 * gb, "consumption_gb_second"
    )


UNITS = {  # megabyte-milliseconds
    "OnDemandFunctionExecutionUnits total": 1.0,
    "AlwaysReadyFunctionExecutionUnits total": 1.0,
    "FunctionExecutionUnits total": 1.0,
}
BILLINGS = (
    Billing(
        *("functions-flex", How.REQUESTS, ToldBy.TOTAL, FlexTerms, functions_flex),
        series=UNITS,
        per_memory_mb=lambda terms: terms.memory_mb,
        kept_as="always_ready",
    ),
    Billing(
        *("functions-consumption", How.REQUESTS, ToldBy.TOTAL, ConsumptionTerms, functions_consumption),
        series=UNITS,
        per_memory_mb=lambda terms: terms.stepped_mb,
    ),
)
