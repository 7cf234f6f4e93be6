"""Machines of a price book: their types, the keys of their prices, and those that it lacks yet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from harness.errors import Refused
from harness.platforms import registry
from harness.platforms.billing import Billing
from harness.platforms.shared.book import Book, Price

if TYPE_CHECKING:
    from harness.platforms.shared.price_lists import PriceList

TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,60}")
SOURCE = "not looked up yet"


def machine_types(billing: Billing, book: Book) -> dict[str, str]:
    """Types of machines that the book prices for this model, each with its price key."""
    if billing.machine_keys is None:
        return {}
    before, _, after = billing.machine_keys.partition("{}")
    keys = [p.key for p in book.prices if p.key.startswith(before) and p.key.endswith(after)]
    return {key[len(before) : len(key) - len(after)]: key for key in keys if key not in billing.fixed_keys}


def billing_of_machines(book: Book) -> Billing | None:
    """A model that bills machines of this book; None where it prices none."""
    return next((b for b in registry.billings() if machine_types(b, book)), None)


def priced_machines(book: Book, names: PriceList) -> dict[str, Price]:
    """By key, each with the question of its provider for it."""
    billing = billing_of_machines(book)
    types = machine_types(billing, book) if billing else {}
    return {key: _asked(book.price(key), names.machine(kind)) for kind, key in types.items()}


def keys_of_machines(book: Book) -> frozenset[str]:
    """Of the prices of its machines."""
    billing = billing_of_machines(book)
    return frozenset(machine_types(billing, book).values() if billing else ())


def machine_price(book: Book, machine: str, names: PriceList) -> Price:
    """Of a type by the provider's name or as a target has it; of a new one without a price yet. Raises Refused."""
    if not TYPE.fullmatch(machine):
        raise Refused(
            f"--machine {machine[:40]!r} is not a type of machine", "g5.xlarge, g2-standard-4, Standard_D2s_v5"
        )
    billing = billing_of_machines(book)
    if billing is None or billing.machine_keys is None:
        raise Refused(f"{book.name} prices no machines", "name a book that does; pilot prices lists them")
    own = names.machine(machine)
    key = billing.machine_keys.format(re.sub(r"[.-]", "_", own).lower().removeprefix("standard_"))
    known = next((price for price in book.prices if price.key == key), None)
    return _asked(known or Price(key, Decimal(0), "hour", SOURCE, confirmed=False), own)


def named_machines(model: str, parameters: Iterable[str], book: Book) -> tuple[str, ...]:
    """What [prices] of a target names that is no parameter of its model: machines, where the model bills this book's."""
    mine = billing_of_machines(book)
    billing = next((b for b in registry.billings() if b.model == model), None)
    if mine is None or billing is None or billing.machine_keys != mine.machine_keys:
        return ()
    return tuple(name for name in parameters if name not in billing.terms.model_fields)


def _asked(price: Price, machine: str) -> Price:
    return price if "machine" in price.lookup else replace(price, lookup={"machine": machine})
