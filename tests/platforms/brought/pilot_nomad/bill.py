"""Clients by the hour, whole, with what the team says that running the servers costs."""

from __future__ import annotations

from harness.platforms.billing import MACHINES, Billing, How, ToldBy
from harness.platforms.shared.terms import NONE, Amount, MachineTerms


class NomadTerms(MachineTerms):
    """Clients by their type, and servers."""

    servers: Amount = NONE


def nomad_clients(tariff, terms, usage):
    """Clients by their type (``small = 3``) and ``servers``, by the hour."""
    made = tariff.line("Servers", terms.servers * usage.hours, "nomad_server_hour")
    for kind, count in terms.machines.items():
        made += tariff.line(f"{kind} clients", count * usage.hours, f"nomad_{kind}_hour")
    return made


BILLING = Billing(
    *("nomad-clients", How.CAPACITY, ToldBy.DECLARED, NomadTerms, nomad_clients),
    units=MACHINES,
    machine_keys="nomad_{}_hour",
    fixed_keys=frozenset({"nomad_server_hour"}),
)
