"""Bills: quantity times unit price, metered or modelled, in three layers that are never mixed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class CostLayer(StrEnum):
    """Tokens can cost 70 times the runtime and would hide every difference between runtimes."""

    RUNTIME = "runtime"
    SHARED = "shared"
    PILOT = "pilot-only"


class Basis(StrEnum):
    """Where a quantity came from."""

    METERED = "METERED"
    MODELLED = "MODELLED"
    DECLARED = "DECLARED"  # by the team, in pilot.toml


@dataclass(frozen=True)
class LineItem:
    """One line: ``quantity`` in ``unit`` at ``unit_price_usd`` each."""

    label: str
    quantity: Decimal
    unit: str
    unit_price_usd: Decimal
    layer: CostLayer
    basis: Basis
    price_key: str
    source: str = ""  # who says the price

    @property
    def amount_usd(self) -> Decimal:
        return self.quantity * self.unit_price_usd


@dataclass(frozen=True)
class Bill:
    """Line items that add up; bills add too."""

    lines: tuple[LineItem, ...] = ()

    def __add__(self, other: Bill) -> Bill:
        return Bill(self.lines + other.lines)

    @property
    def total_usd(self) -> Decimal:
        return sum((line.amount_usd for line in self.lines), Decimal(0))

    def layer_usd(self, layer: CostLayer) -> Decimal:
        return sum((line.amount_usd for line in self.lines if line.layer is layer), Decimal(0))


def called(lines: Iterable[LineItem]) -> dict[str, str]:
    """Of each price key, what the lines that it prices are called; further tiers of one have no name of their own."""
    names: dict[str, list[str]] = {}
    for line in lines:
        mine = names.setdefault(line.price_key, [])
        if not any(line.label == one or line.label.startswith(f"{one}, tier ") for one in mine):
            mine.append(line.label)
    return {key: " and ".join(mine) for key, mine in names.items()}
