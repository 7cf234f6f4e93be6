"""What stands in front of AWS's containers and machines, and those machines by the hour.

An ALB is billed per hour and per LCU-hour.
"""

from __future__ import annotations

from decimal import Decimal

from harness.domain.bill import Bill
from harness.domain.traffic import HOURS_PER_MONTH
from harness.platforms.billing import Metered
from harness.platforms.shared.terms import NONE, ONE, Amount, MachineTerms, PriceTerms
from harness.platforms.shared.usage import LOG_BYTES_PER_REQUEST, Tariff, Usage

# unconfirmed: an hour's sum of the metric is taken as that hour's LCU-hours
LCUS = Metered("AWS/ApplicationELB ConsumedLCUs Sum", "lcus", summed=True, keys=frozenset({"alb_lcu_hour"}))

LCU_BYTES = Decimal(10**9)  # processed in an hour by one, of instances, containers and addresses


class FrontTerms(PriceTerms):
    """The load balancer's use, and gateways that the answers pass."""

    lcus: Amount = ONE
    balancer_addresses: Amount = Decimal(2)  # public IPv4: one a zone, two zones at least; 0 of an internal one
    nat_gateways: Amount = NONE


def front_lines(tariff: Tariff, terms: FrontTerms, usage: Usage) -> Bill:
    """Load balancer with its ``lcus`` and public ``balancer_addresses``, logs, and ``nat_gateways`` where there are some.

    What it carries takes an LCU-hour a GB at least, so that more traffic than ``lcus`` were measured at has more of them.
    """
    lcu_hours = max(usage.hours * terms.lcus, usage.response_bytes / LCU_BYTES)
    made = (
        tariff.line("Load balancer", usage.hours, "alb_hour")
        + tariff.line("Load balancer capacity", lcu_hours, "alb_lcu_hour")
        + addresses_line(tariff, "Load balancer", terms.balancer_addresses, usage)
        + tariff.line("Logs", usage.requests * LOG_BYTES_PER_REQUEST / 10**9, "log_gb")
    )
    if nats := terms.nat_gateways:
        made += tariff.line("NAT gateway", usage.hours * nats, "nat_hour")
        made += tariff.line("NAT gateway data", usage.response_bytes / 10**9, "nat_gb")
    return made


def addresses_line(tariff: Tariff, whose: str, count: Decimal, usage: Usage) -> Bill:
    """Public IPv4 by the hour, in use or not; none where there is none."""
    return tariff.line(f"{whose} public IPv4", usage.hours * count, "public_ipv4_hour") if count else Bill()


def volume_line(tariff: Tariff, gb: Decimal, usage: Usage) -> Bill:
    """Of EBS, a month's share; none where there is none."""
    return tariff.line("Volumes", gb * usage.hours / HOURS_PER_MONTH, "ebs_gb_month") if gb else Bill()


def machine_hours(tariff: Tariff, terms: MachineTerms, usage: Usage) -> Bill:
    """A line a type."""
    made = Bill()
    for kind, count in terms.machines.items():
        made += tariff.line(f"{kind.replace('_', '.', 1)} instances", Decimal(count) * usage.hours, f"ec2_{kind}_hour")
    return made
