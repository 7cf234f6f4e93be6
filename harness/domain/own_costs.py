"""What a team pays beside the platform's bill: a database, a cache, a queue, tracing, hours on call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from harness.domain.bill import Basis, Bill, CostLayer, LineItem

MILLION = Decimal(10**6)


@dataclass(frozen=True)
class OwnCost:
    """One line of pilot.toml: an amount a month, an amount a million requests, or both; ``source`` says who knows."""

    name: str
    title: str
    usd_per_month: Decimal
    usd_per_million_requests: Decimal
    layer: CostLayer
    source: str
    targets: tuple[str, ...] = ()  # none: every target
    covers: tuple[str, ...] = ()  # stores and fronts that it pays for

    def pays_for(self, target: str) -> bool:
        return not self.targets or target in self.targets

    def of(self, requests_per_month: Decimal) -> Bill:
        """Nothing of an amount that is not given."""
        lines = (
            (Decimal(1), "month", self.usd_per_month),
            (requests_per_month / MILLION, "million requests", self.usd_per_million_requests),
        )
        return Bill(
            tuple(
                LineItem(self.title, quantity, unit, usd, self.layer, Basis.DECLARED, f"costs.{self.name}", self.source)
                for quantity, unit, usd in lines
                if usd
            )
        )


def own_bill(costs: Iterable[OwnCost], requests_per_month: float) -> Bill:
    """All of them together, at a month's requests."""
    return sum((cost.of(Decimal(str(requests_per_month))) for cost in costs), Bill())
