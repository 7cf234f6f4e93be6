"""Bills of Google's and Azure's Kubernetes: whole nodes, control plane, volumes, and what stands in front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from harness.domain.bill import Bill
from harness.platforms.shared.usage import HOURS_PER_MONTH, LOG_BYTES_PER_REQUEST, Tariff, Usage

GKE_NODES = ("e2_standard_2", "e2_standard_4", "n2_standard_2", "n2_standard_4")
AKS_NODES = ("b2ms", "d2s_v5", "d4s_v5")


def gke(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """Nodes by their type (``e2_standard_2 = 3``), ``disk_gb`` of balanced disks; ``load_balancer = 0`` where none is in front.

    The free tier of one zonal control plane is a billing account's and is not taken off.
    """
    return _cluster(tariff, parameters, usage, "gke", GKE_NODES)


def aks(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """Nodes by their type (``d2s_v5 = 3``), ``disk_gb`` of standard SSD; ``control_plane = 0`` on the free tier."""
    return _cluster(tariff, parameters, usage, "aks", AKS_NODES)


def _cluster(tariff: Tariff, parameters: Mapping[str, float], usage: Usage, kind: str, nodes: Sequence[str]) -> Bill:
    made = Bill()
    for node in nodes:
        if count := _number(parameters, node, 0):
            made += tariff.line(f"{node.replace('_', '-')} nodes", count * usage.hours, f"{kind}_{node}_hour")
    if _number(parameters, "control_plane", 1):
        made += tariff.line("Control plane", usage.hours, f"{kind}_cluster_hour")
    if disks := _number(parameters, "disk_gb", 0):
        made += tariff.line("Volumes", disks * usage.hours / HOURS_PER_MONTH, f"{kind}_disk_gb_month")
    if _number(parameters, "load_balancer", 1):
        made += tariff.line("Load balancer", usage.hours, f"{kind}_balancer_hour")
        made += tariff.line("Load balancer data", usage.response_bytes / 10**9, f"{kind}_balancer_gb")
    return made + tariff.line("Logs", usage.requests * LOG_BYTES_PER_REQUEST / 10**9, f"{kind}_log_gb")


def _number(parameters: Mapping[str, float], name: str, otherwise: float) -> Decimal:
    return Decimal(str(parameters.get(name, otherwise)))
