"""What was used in one stretch of time, and how a quantity becomes lines of a bill."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal

from harness.domain.bill import Basis, Bill, CostLayer, LineItem
from harness.platforms.shared.book import Book

LOG_BYTES_PER_REQUEST = Decimal(400)  # START, END and REPORT of one invocation


@dataclass(frozen=True)
class Usage:
    """Sums over requests and time; 0 where a platform does not bill by it."""

    hours: Decimal
    requests: Decimal  # that the platform accepted: a refused one is not billed
    billed_ms: Decimal  # summed over requests
    response_bytes: Decimal
    input_tokens: Decimal
    output_tokens: Decimal
    instance_s: Decimal = Decimal(0)  # billable time of instances that serve several requests at once
    idle_s: Decimal = Decimal(0)  # of instances that are kept and serve nothing

    def scaled(self, factor: Decimal, hours: Decimal) -> Usage:
        """The same mix of requests, ``factor`` times as many, in ``hours``."""
        grown = {f.name: getattr(self, f.name) * factor for f in fields(self) if f.name != "hours"}
        return Usage(hours=hours, **grown)


@dataclass(frozen=True)
class Tariff:
    """A book as a bill reads it: with or without what is free."""

    book: Book
    free: bool = False

    def line(self, label: str, quantity: Decimal, key: str, layer: CostLayer = CostLayer.RUNTIME) -> Bill:
        """One line a price tier that the quantity reaches."""
        price = self.book.price(key)
        pieces = price.pieces(quantity, free=self.free)
        return Bill(
            tuple(
                LineItem(
                    label if k == 0 else f"{label}, tier {k + 1}",
                    n,
                    price.unit,
                    usd,
                    layer,
                    Basis.MODELLED,
                    key,
                    self.book.name,
                )
                for k, (n, usd) in enumerate(pieces)
            )
        )
