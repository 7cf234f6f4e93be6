"""Price books: dated data with unit and source; a price that is not in the book is an error, never a guess."""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from harness.errors import BadFile, Problem, Refused
from harness.workspace.text import text_of

OLD_AFTER_DAYS = 120


@dataclass(frozen=True)
class Price:
    """One unit price: ``usd`` up to the first tier, and what is free of it a month."""

    key: str
    usd: Decimal
    unit: str
    source: str
    confirmed: bool
    tiers: tuple[tuple[Decimal, Decimal], ...] = ()  # (above this quantity a month, USD), ascending
    free_per_month: Decimal = Decimal(0)
    lookup: Mapping[str, str] = field(default_factory=dict)  # how the provider's price API is asked for it

    def pieces(self, quantity: Decimal, *, free: bool = False) -> tuple[tuple[Decimal, Decimal], ...]:
        """(quantity, USD a unit) of each tier that a month's ``quantity`` reaches; ``free`` takes the free part off.

        The free part is taken off first and the tiers count what is left, as providers bill it.
        """
        left = max(Decimal(0), quantity - self.free_per_month) if free else quantity
        edges = [Decimal(0), *(above for above, _ in self.tiers)]
        prices = [self.usd, *(usd for _, usd in self.tiers)]
        out = []
        for k, (edge, usd) in enumerate(zip(edges, prices, strict=True)):
            upper = min(left, edges[k + 1]) if k + 1 < len(edges) else left
            if k == 0 or upper > edge:
                out.append((upper - edge, usd))
        return tuple(out)


@dataclass(frozen=True)
class Book:
    """Prices of one region on one day."""

    name: str
    date: dt.date
    region: str
    prices: tuple[Price, ...]

    def price(self, key: str) -> Price:
        """Raises Refused when the book does not hold it."""
        for price in self.prices:
            if price.key == key:
                return price
        raise Refused(
            f"price book {self.name} holds no {key!r}",
            "pilot prices lists what it holds; name another book or model under [prices]",
        )

    @property
    def digest(self) -> str:
        """Of everything that a bill reads; the same book gives the same."""
        text = repr(
            [(p.key, p.usd, p.unit, p.tiers, p.free_per_month) for p in sorted(self.prices, key=lambda p: p.key)]
        )
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def age_days(self, today: dt.date) -> int:
        return (today - self.date).days


def book_names() -> list[str]:
    """The books of this package."""
    folder = resources.files("harness.costing") / "books"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def read_book(name: str) -> Book:
    """A book of this package by its name, or a team's own by its file's path.

    Raises Refused with the known ones, BadFile with every wrong price.
    """
    if name.endswith(".toml"):
        return parse_book(name, text_of(Path(name), "pilot prices refresh makes one"))
    file = resources.files("harness.costing") / "books" / f"{name}.toml"
    if not file.is_file():
        raise Refused(f"no price book {name!r}", f"known: {', '.join(book_names())}, or the path of a book of your own")
    return parse_book(str(file), file.read_text(encoding="utf-8"))


@lru_cache(maxsize=32)
def parse_book(file: str, text: str) -> Book:
    """A book out of its text; raises BadFile that names ``file``."""
    try:
        data = tomllib.loads(text)
        head = data["name"], dt.date.fromisoformat(data["date"]), data["region"]
    except (KeyError, TypeError, ValueError) as error:
        raise BadFile(file, [Problem("", f"is not a price book: {error!r}")]) from None
    prices, problems = [], []
    for key, table in data.get("prices", {}).items():
        try:
            prices.append(_price(key, table))
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            problems.append(Problem(f"prices.{key}", f"is no price: {error!r}"))
    if problems:
        raise BadFile(file, problems)
    return Book(*head, tuple(prices))


def _price(key: str, table: Mapping[str, Any]) -> Price:
    tiers = tuple((Decimal(t["above"]), Decimal(t["usd"])) for t in table.get("tiers", ()))
    if list(tiers) != sorted(tiers):
        raise ValueError("tiers must ascend")
    free = Decimal(table.get("free_per_month", "0"))
    said = table["unit"], table["source"], table["confirmed"]
    return Price(key, Decimal(table["usd"]), *said, tiers, free, dict(table.get("lookup", {})))
