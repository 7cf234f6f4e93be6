"""Bills of Google Cloud Run: billable instance time, shared by the requests that an instance serves at once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from harness.domain.bill import Bill
from harness.platforms.billing import Billing, How, ToldBy
from harness.platforms.shared.terms import ONE, PriceTerms, Size
from harness.platforms.shared.usage import Tariff, Usage


class RunTerms(PriceTerms):
    """An instance's size, and how many requests it takes at once (Cloud Run's own default)."""

    vcpu: Size = ONE
    memory_gib: Size = ONE
    concurrency: Size = Decimal(80)


def cloud_run(tariff: Tariff, terms: RunTerms, usage: Usage) -> Bill:
    """Request-based billing; idle minimum instances at their reduced rate."""
    vcpu, gib = terms.vcpu, terms.memory_gib
    made = (
        tariff.line("Requests", usage.requests, "run_request")
        + tariff.line("vCPU, billable instance time", usage.instance_s * vcpu, "run_vcpu_second")
        + tariff.line("Memory, billable instance time", usage.instance_s * gib, "run_gib_second")
    )
    if usage.idle_s:
        made += tariff.line("vCPU, idle minimum instances", usage.idle_s * vcpu, "run_idle_vcpu_second")
        made += tariff.line("Memory, idle minimum instances", usage.idle_s * gib, "run_gib_second")
    return made


def cloud_run_instances(tariff: Tariff, terms: RunTerms, usage: Usage) -> Bill:
    """Instance-based billing: as long as an instance lives, no fee a request."""
    vcpu, gib = terms.vcpu, terms.memory_gib
    lived = usage.instance_s + usage.idle_s
    return tariff.line("vCPU, instance time", lived * vcpu, "run_instance_vcpu_second") + tariff.line(
        "Memory, instance time", lived * gib, "run_instance_gib_second"
    )


BY_REQUEST = Billing(
    "cloud-run",
    How.INSTANCE_TIME,
    ToldBy.INSTANCES,
    RunTerms,
    cloud_run,
    series={"run.googleapis.com/container/billable_instance_time ALIGN_DELTA": 1.0},  # seconds, a delta a minute
    at_once=lambda terms: terms.concurrency,
)
BY_LIFE = "cloud-run-instances"
BILLINGS = (BY_REQUEST, replace(BY_REQUEST, model=BY_LIFE, lines=cloud_run_instances))
