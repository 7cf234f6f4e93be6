"""A stated discount on what is kept: reserved, a savings plan, or spot; never on requests and tokens by itself."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from harness.domain.bill import Basis, Bill, CostLayer, LineItem
from harness.platforms.shared.amounts import Share
from harness.tables.table import Table
from harness.tables.values import Line

KEY = "prices.discount"
NEVER = frozenset({"public_ipv4_hour"})  # not by itself: plans and reservations are of compute
LABEL = {"savings-plan": "Savings plan", "reserved": "Reserved", "spot": "Spot"}


class Discount(Table):
    """``share`` off the ``lines`` that have these prices, of a capacity all that grow with its units."""

    share: Annotated[Share, Field(gt=0, lt=1)]
    kind: Literal["savings-plan", "reserved", "spot"]
    source: Line
    lines: tuple[Line, ...] = Field(default=(), max_length=50)

    @property
    def interruptible(self) -> bool:
        """Whether the provider may take away what it is of."""
        return self.kind == "spot"

    def off(self, bill: Bill, keys: Iterable[str]) -> Bill:
        """The bill and a line of its own, below zero; ``keys``: prices that it is of."""
        of = set(keys)
        usd = sum((x.amount_usd for x in bill.lines if x.price_key in of and x.layer is CostLayer.RUNTIME), Decimal(0))
        said = CostLayer.RUNTIME, Basis.DECLARED, KEY, self.source
        return bill + Bill(
            (LineItem(f"{LABEL[self.kind]}, {float(self.share) * 100:g} % off", usd, "USD", -self.share, *said),)
        )
