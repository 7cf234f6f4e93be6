"""Bills of Azure Container Apps on the consumption plan: replica time, active or idle."""

from __future__ import annotations

from decimal import Decimal

from harness.domain.bill import Bill
from harness.platforms.billing import Billing, How, ToldBy
from harness.platforms.shared.terms import NONE, ONE, Amount, PriceTerms, Size
from harness.platforms.shared.usage import Tariff, Usage

MINUTE_S = 60.0


class AppTerms(PriceTerms):
    """A replica's size, how many requests it takes at once (the scale rule's own default), and private endpoints."""

    vcpu: Size = ONE
    memory_gib: Size = ONE
    concurrency: Size = Decimal(10)
    private_endpoints: Amount = NONE


def container_apps(tariff: Tariff, terms: AppTerms, usage: Usage) -> Bill:
    """Active and idle replica time; private endpoints add a management fee each, even here."""
    vcpu, gib = terms.vcpu, terms.memory_gib
    made = (
        tariff.line("Requests", usage.requests, "aca_request")
        + tariff.line("vCPU, active", usage.instance_s * vcpu, "aca_vcpu_second")
        + tariff.line("Memory", (usage.instance_s + usage.idle_s) * gib, "aca_gib_second")
    )
    if usage.idle_s:
        made += tariff.line("vCPU, idle", usage.idle_s * vcpu, "aca_idle_vcpu_second")
    if endpoints := terms.private_endpoints:
        made += tariff.line("Private endpoint management", usage.hours * endpoints, "aca_management_hour")
    return made


BILLINGS = (
    Billing(
        "container-apps",
        How.INSTANCE_TIME,
        ToldBy.INSTANCES,
        AppTerms,
        container_apps,
        series={"Replicas average": MINUTE_S},  # over a minute
        at_once=lambda terms: terms.concurrency,
    ),
)
