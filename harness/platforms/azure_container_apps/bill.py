"""Bills of Azure: Container Apps on the consumption plan, Functions on Flex and on the classic plan."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from harness.domain.bill import Bill
from harness.platforms.shared.usage import Tariff, Usage

MEMORY_STEP_MB = Decimal(128)


def container_apps(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """Active and idle replica time; private endpoints add a management fee each, even here."""
    vcpu, gib = (Decimal(str(parameters.get(name, 1))) for name in ("vcpu", "memory_gib"))
    made = (
        tariff.line("Requests", usage.requests, "aca_request")
        + tariff.line("vCPU, active", usage.instance_s * vcpu, "aca_vcpu_second")
        + tariff.line("Memory", (usage.instance_s + usage.idle_s) * gib, "aca_gib_second")
    )
    if usage.idle_s:
        made += tariff.line("vCPU, idle", usage.idle_s * vcpu, "aca_idle_vcpu_second")
    if endpoints := Decimal(str(parameters.get("private_endpoints", 0))):
        made += tariff.line("Private endpoint management", usage.hours * endpoints, "aca_management_hour")
    return made


def functions_flex(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """On demand; always-ready instances have a baseline and a busy price of their own."""
    gb = Decimal(str(parameters.get("memory_mb", 2048))) / 1024
    ready = Decimal(str(parameters.get("always_ready", 0)))
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


def functions_consumption(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """The classic plan: memory in steps of 128 MB, executions and GB-seconds."""
    gb = stepped_mb(parameters) / 1024
    return tariff.line("Executions", usage.requests, "consumption_execution") + tariff.line(
        "Execution time", usage.billed_ms / 1000 * gb, "consumption_gb_second"
    )


def stepped_mb(parameters: Mapping[str, float]) -> Decimal:
    """``memory_mb`` as the classic plan counts it."""
    steps = Decimal(str(parameters.get("memory_mb", 1536))) / MEMORY_STEP_MB
    return steps.to_integral_value(ROUND_CEILING) * MEMORY_STEP_MB
