"""Bills of Kubernetes on EKS, GKE and AKS: whole nodes, control plane, volumes, and what stands in front."""

from __future__ import annotations

from decimal import Decimal

from harness.domain.bill import Bill
from harness.domain.traffic import HOURS_PER_MONTH
from harness.platforms.billing import MACHINES, Billing, How, ToldBy
from harness.platforms.shared.aws_front import LCUS, FrontTerms, front_lines, machine_hours
from harness.platforms.shared.terms import NONE, ONE, Amount, MachineTerms
from harness.platforms.shared.usage import LOG_BYTES_PER_REQUEST, Tariff, Usage


class EksTerms(MachineTerms, FrontTerms):
    """Nodes, their volumes, and their front."""

    ebs_gb: Amount = NONE


class ClusterTerms(MachineTerms):
    """Nodes and their disks; 0 of ``control_plane`` or ``load_balancer`` where none is billed."""

    control_plane: Amount = ONE
    disk_gb: Amount = NONE
    load_balancer: Amount = ONE


def eks(tariff: Tariff, terms: EksTerms, usage: Usage) -> Bill:
    """Nodes by their type (``t3_large = 3``), control plane, ``ebs_gb`` of volumes, and their front.

    Nodes are billed whole: what no pod uses of them is part of the cost.
    """
    made = machine_hours(tariff, terms, usage) + tariff.line("Control plane", usage.hours, "eks_cluster_hour")
    if volumes := terms.ebs_gb:
        made += tariff.line("Volumes", volumes * usage.hours / HOURS_PER_MONTH, "ebs_gb_month")
    return made + front_lines(tariff, terms, usage)


def gke(tariff: Tariff, terms: ClusterTerms, usage: Usage) -> Bill:
    """Nodes by their type (``e2_standard_2 = 3``), ``disk_gb`` of balanced disks; ``load_balancer = 0`` where none is in front.

    The free tier of one zonal control plane is a billing account's and is not taken off.
    """
    return _cluster(tariff, terms, usage, "gke")


def aks(tariff: Tariff, terms: ClusterTerms, usage: Usage) -> Bill:
    """Nodes by their type (``d2s_v5 = 3``), ``disk_gb`` of standard SSD; ``control_plane = 0`` on the free tier."""
    return _cluster(tariff, terms, usage, "aks")


def _cluster(tariff: Tariff, terms: ClusterTerms, usage: Usage, kind: str) -> Bill:
    made = Bill()
    for node, count in terms.machines.items():
        made += tariff.line(f"{node.replace('_', '-')} nodes", count * usage.hours, f"{kind}_{node}_hour")
    if terms.control_plane:
        made += tariff.line("Control plane", usage.hours, f"{kind}_cluster_hour")
    if terms.disk_gb:
        made += tariff.line("Volumes", terms.disk_gb * usage.hours / HOURS_PER_MONTH, f"{kind}_disk_gb_month")
    if terms.load_balancer:
        made += tariff.line("Load balancer", usage.hours, f"{kind}_balancer_hour")
        made += tariff.line("Load balancer data", usage.response_bytes / Decimal(10**9), f"{kind}_balancer_gb")
    return made + tariff.line("Logs", usage.requests * LOG_BYTES_PER_REQUEST / 10**9, f"{kind}_log_gb")


BILLINGS = (
    Billing(
        *("eks", How.CAPACITY, ToldBy.DECLARED, EksTerms, eks),
        units=MACHINES,
        metered=(LCUS,),
        machine_keys="ec2_{}_hour",
    ),
    Billing(
        *("gke", How.CAPACITY, ToldBy.DECLARED, ClusterTerms, gke),
        units=MACHINES,
        machine_keys="gke_{}_hour",
        fixed_keys=frozenset({"gke_cluster_hour", "gke_balancer_hour"}),
    ),
    Billing(
        *("aks", How.CAPACITY, ToldBy.DECLARED, ClusterTerms, aks),
        units=MACHINES,
        machine_keys="aks_{}_hour",
        fixed_keys=frozenset({"aks_cluster_hour", "aks_balancer_hour"}),
    ),
)
