"""What was used in one stretch of time, and how a quantity becomes lines of a bill."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal

from harness.domain.bill import Basis, Bill, CostLayer, LineItem
from harness.platforms.shared.book import Book

LOG_BYTES_PER_REQUEST = Decimal(400)  # START, END and REPORT of one invocation


@dataclass(frozen=True)
class Tokens:
    """Of one model; ``cached``: of ``input``, those that the provider had read before."""

    model: str  # as the answers name it, or as it was asked for; "": nobody says
    requests: Decimal  # that say how many they read
    input: Decimal
    output: Decimal
    cached: Decimal = Decimal(0)

    def __add__(self, other: Tokens) -> Tokens:
        counted = (getattr(self, name) + getattr(other, name) for name in ("requests", "input", "output", "cached"))
        return Tokens(self.model, *counted)

    def scaled(self, factor: Decimal) -> Tokens:
        counted = (n * factor for n in (self.requests, self.input, self.output, self.cached))
        return Tokens(self.model, *counted)

    def alike(self, step: int) -> int:
        """The mean prompt, in whole steps and at least one."""
        return max(1, round(self.input / self.requests / step)) * step if self.requests else step


@dataclass(frozen=True)
class Usage:
    """Sums over requests and time, 0 where a platform does not bill by it; usages add up."""

    hours: Decimal
    requests: Decimal  # that the platform accepted: a refused one is not billed
    billed_ms: Decimal  # summed over requests
    response_bytes: Decimal
    input_tokens: Decimal
    output_tokens: Decimal
    instance_s: Decimal = Decimal(0)  # billable time of instances that serve several requests at once
    idle_s: Decimal = Decimal(0)  # of instances that are kept and serve nothing
    tokens: tuple[Tokens, ...] = ()  # of the input and output tokens, those whose model has a name

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def by_model(self) -> tuple[Tokens, ...]:
        """One of each model, and last what no model is named of."""
        out: dict[str, Tokens] = {}
        for one in self.tokens:
            out[one.model] = out[one.model] + one if one.model in out else one
        named = out.values()
        left = self.input_tokens - sum(t.input for t in named), self.output_tokens - sum(t.output for t in named)
        return (*named, Tokens("", Decimal(0), *left))

    def passed_on(self) -> Usage:
        """What a router of it uses itself: bytes and tokens are billed where they were made."""
        nothing = Decimal(0)
        return replace(self, response_bytes=nothing, input_tokens=nothing, output_tokens=nothing, tokens=())

    def scaled(self, factor: Decimal, hours: Decimal) -> Usage:
        """The same mix of requests, ``factor`` times as many, in ``hours``."""
        apart = ("hours", "tokens")
        grown = {f.name: getattr(self, f.name) * factor for f in fields(self) if f.name not in apart}
        return Usage(hours=hours, tokens=tuple(t.scaled(factor) for t in self.tokens), **grown)


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
