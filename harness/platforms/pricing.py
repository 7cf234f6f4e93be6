"""[prices] of a target as bills read it: the book, how the model bills, and its typed terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.domain.bill import Basis, Bill, CostLayer, LineItem
from harness.domain.target import PriceModel
from harness.errors import BadFile, Problem, Refused
from harness.platforms import registry
from harness.platforms.billing import Billing
from harness.platforms.machines import machine_types
from harness.platforms.shared.book import NO_BOOK, Book, book_names, read_book
from harness.platforms.shared.discount import NEVER
from harness.platforms.shared.terms import MachineTerms, PriceTerms
from harness.platforms.shared.token_prices import installed, token_lines, unlisted
from harness.platforms.shared.usage import Tariff, Usage
from harness.tables.problems import nearest, validate

ONE_OF_EACH = Usage(*(Decimal(1),) * 7)  # what a book must have a price for

NOTHING = Usage(Decimal(1), *(Decimal(0),) * 5)  # an hour without a request


@dataclass(frozen=True)
class Pricing:
    """What one target is billed by."""

    billing: Billing
    terms: PriceTerms
    book: Book

    def bill(self, usage: Usage, *, free: bool = False, batch: bool = False) -> Bill:
        """Runtime and shared layers; ``free`` takes a month's free tiers off, ``batch`` prices tokens as a batch's.

        Raises Refused for a price that the book lacks.
        """
        tariff = Tariff(self.book, free)
        made = self.billing.lines(tariff, self.terms, usage)
        if (discount := self.terms.discount) is not None:
            made = discount.off(made, self.discounted)
        return made + _shared(tariff, self.terms, usage, batch=batch)

    @property
    def discounted(self) -> frozenset[str]:
        """Prices that a discount is of: those it names, else those whose lines grow with the units of a capacity.

        But no addresses: what commits a team to compute is not of them.
        """
        discount, units = self.terms.discount, self.billing.units
        if discount is None or discount.lines or units is None:
            return frozenset(discount.lines) if discount else frozenset()
        more = units.sized(self.terms, units.declared(self.terms) * 2)
        few, many = (self.billing.lines(Tariff(self.book), terms, NOTHING) for terms in (self.terms, more))
        least = {x.price_key: x.quantity for x in few.lines}
        grow = frozenset(x.price_key for x in many.lines if x.quantity > least.get(x.price_key, Decimal(0)))
        return grow - NEVER

    @property
    def units(self) -> float:
        """How many are declared of what a capacity is counted in; 0 of what is billed by use."""
        return float(self.billing.units.declared(self.terms)) if self.billing.units else 0.0

    @property
    def by_the_hour(self) -> bool:
        """Whether a capacity follows the traffic through the week."""
        return bool(self.billing.units and self.billing.units.by_the_hour(self.terms))

    @property
    def vcpus(self) -> float | None:
        """Of all units together; None where none are declared."""
        found = self.billing.units.vcpus(self.terms) if self.billing.units else None
        return None if found is None else float(found)

    def sized(self, units: float) -> Pricing:
        """The same with as many units; raises ValueError for what is billed by use."""
        if self.billing.units is None:
            raise ValueError(f"{self.billing.model} has no units")
        return replace(self, terms=self.billing.units.sized(self.terms, Decimal(str(units))))

    def unlisted(self, usage: Usage) -> tuple[str, ...]:
        """Models whose tokens are priced as a stand-in's, or not at all, for no list knows them."""
        return () if self.terms.tokens_named else unlisted(self.terms.tokens, usage, self.book.date)

    @property
    def token_list(self) -> str | None:
        """The public list, with its version, that tokens may be priced by; None where book or team say what they cost."""
        own = self.terms.tokens_named or (self.terms.tokens is not None and self.terms.tokens.own is not None)
        return None if own else installed()

    def standing_keys(self) -> frozenset[str]:
        """Price keys of what is billed while nobody asks anything."""
        idle = self.bill(NOTHING)
        return frozenset(line.price_key for line in idle.lines if line.quantity)


def pricing_of(prices: PriceModel) -> Pricing:
    """Raises Refused for an unknown model, BadFile for a parameter that its bill does not have."""
    book = read_book(prices.book)
    billing = registry.billing(prices.model, prices.parameters)
    terms, problems = terms_of(billing, prices.parameters, book)
    if terms is None or problems:
        raise BadFile(f"prices of {prices.model}", problems)
    return Pricing(billing, terms, book)


def bill(model: str, book: Book, parameters: Mapping[str, Any], usage: Usage, *, free: bool = False) -> Bill:
    """As ``Pricing.bill``, of parameters as a file has them; raises Refused and BadFile as ``pricing_of`` does."""
    billing = registry.billing(model, parameters)
    terms, problems = terms_of(billing, parameters, book)
    if terms is None or problems:
        raise BadFile(f"prices of {model}", problems)
    return Pricing(billing, terms, book).bill(usage, free=free)


def terms_of(
    billing: Billing, parameters: Mapping[str, Any], book: Book, refresh: str = ""
) -> tuple[PriceTerms | None, list[Problem]]:
    """Typed, or every problem: a parameter that no bill reads would make a target cheaper in silence.

    ``refresh`` is the command that makes this book anew, for a machine that it lacks.
    """
    known = [name for name in billing.terms.model_fields if name != "machines"]
    types = machine_types(billing, book)
    data = {name: value for name, value in parameters.items() if name in known}
    problems = []
    for name in parameters.keys() - data.keys() - types.keys():
        meant = nearest(name, (*known, *types)) or f"; these are: {', '.join((*known, *types))}"
        words = f'model "{billing.model}" with book {book.name} has none of this name{meant}'
        if types and not nearest(name, known):
            adds = refresh or f"pilot prices refresh {book.name}"
            words += f" A machine that the book lacks is added by: {adds} --machine {name}"
        problems.append(Problem(f"parameters.{name}", words))
    if issubclass(billing.terms, MachineTerms):
        machines = {name: value for name, value in parameters.items() if name in types and value != 0}
        if not machines:
            few = f"; {book.name} knows {', '.join(types)}" if types else f"; {book.name} knows no machine for it"
            words = f'model "{billing.model}" wants how many of which machines{few}'
            return None, [*sorted(problems, key=lambda p: p.field), Problem("parameters", words)]
        data["machines"] = machines
    try:
        made = validate(billing.terms, data, "prices", "parameters")
    except BadFile as error:
        said = [Problem(p.field.replace(".machines.", "."), p.message) for p in error.problems]
        return None, sorted([*problems, *said], key=lambda p: p.field)
    return made, sorted(problems, key=lambda p: p.field)


def problems_of(model: str, name: str, path: str, region: str, parameters: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with [prices]: its book, its model, its parameters; ``path``: where the book is read from."""
    found: list[Problem] = []
    models = {b.model: b for b in registry.billings()}
    if name == NO_BOOK and model in models and not models[model].wants_book:
        pass
    elif name == NO_BOOK:
        found.append(Problem("book", "is required"))
    elif not name.endswith(".toml") and name not in book_names():
        meant = nearest(name, book_names()) or f"; known: {', '.join(book_names())}, or the path of a book of your own"
        found.append(Problem("book", f"no price book {name!r}{meant}"))
    elif name.endswith(".toml") and not Path(path).exists():
        found.append(Problem("book", f"there is no file {path}"))
    if model not in models:
        meant = nearest(model, models) or f"; known: {', '.join(models)}"
        found.append(Problem("model", f"no billing model {model[:40]!r}{meant}"))
    if found:
        return found
    book = read_book(path)
    billing = registry.billing(model, parameters)
    terms, problems = terms_of(billing, parameters, book, refresh_of(name, region))
    if terms is None or problems:
        return problems
    try:
        made = Pricing(billing, terms, book).bill(ONE_OF_EACH)
    except Refused as error:
        return [Problem("book", f'cannot price model "{model}": {error}')]
    return _problems_of_discount(Pricing(billing, terms, book), made)


def _problems_of_discount(pricing: Pricing, made: Bill) -> list[Problem]:
    """One that is of no line of its bill would make nothing cheaper in silence."""
    if pricing.terms.discount is None:
        return []
    known = [x.price_key for x in made.lines if x.layer is CostLayer.RUNTIME and x.basis is not Basis.DECLARED]
    these = f"; these are: {', '.join(dict.fromkeys(known))}"
    if not pricing.discounted:
        return [
            Problem("discount.lines", f"what is billed by use has no capacity: name the prices that it is of{these}")
        ]
    unknown = [key for key in sorted(pricing.discounted) if key not in known]
    return [
        Problem("discount.lines", f"no line has the price {key!r}{nearest(key, known) or these}") for key in unknown
    ]


def refresh_of(book: str, region: str) -> str:
    """The command that makes a book of this region, from the book that target.toml names."""
    return f"pilot prices refresh {book} --region {region}"


def _shared(tariff: Tariff, terms: PriceTerms, usage: Usage, *, batch: bool) -> Bill:
    """What both runtimes would use alike: tokens, transfer, and a vector store that never sleeps."""
    counted = replace(usage, tokens=()) if terms.tokens_named else usage
    made = token_lines(tariff, terms.tokens, terms.tokens_of, counted, batch=batch)
    made += _transfer(tariff, terms, usage.response_bytes / 10**9)
    if terms.ocus:
        made += tariff.line("Vector store, idle or not", usage.hours * terms.ocus, "aoss_ocu_hour", CostLayer.SHARED)
    return made


def _transfer(tariff: Tariff, terms: PriceTerms, gb: Decimal) -> Bill:
    if (own := terms.transfer) is not None:
        said = CostLayer.SHARED, Basis.MODELLED, "custom.per_gb_transfer", own.source
        return Bill((LineItem("Data transfer out", gb, "GB", own.usd, *said),))
    return tariff.line("Data transfer out", gb, "egress_gb", CostLayer.SHARED) if tariff.book.name else Bill()
