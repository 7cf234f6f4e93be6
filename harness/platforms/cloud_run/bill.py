"""Bills of Google Cloud Run: billable instance time, shared by the requests that an instance serves at once."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from harness.domain.bill import Bill
from harness.platforms.shared.usage import Tariff, Usage


def cloud_run(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """Request-based billing; idle minimum instances at their reduced rate."""
    vcpu, gib = (Decimal(str(parameters.get(name, 1))) for name in ("vcpu", "memory_gib"))
    made = (
        tariff.line("Requests", usage.requests, "run_request")
        + tariff.line("vCPU, billable instance time", usage.instance_s * vcpu, "run_vcpu_second")
        + tariff.line("Memory, billable instance time", usage.instance_s * gib, "run_gib_second")
    )
    if usage.idle_s:
        made += tariff.line("vCPU, idle minimum instances", usage.idle_s * vcpu, "run_idle_vcpu_second")
        made += tariff.line("Memory, idle minimum instances", usage.idle_s * gib, "run_gib_second")
    return made


def cloud_run_instances(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """Instance-based billing: as long as an instance lives, no fee a request."""
    vcpu, gib = (Decimal(str(parameters.get(name, 1))) for name in ("vcpu", "memory_gib"))
    lived = usage.instance_s + usage.idle_s
    return tariff.line("vCPU, instance time", lived * vcpu, "run_instance_vcpu_second") + tariff.line(
        "Memory, instance time", lived * gib, "run_instance_gib_second"
    )
