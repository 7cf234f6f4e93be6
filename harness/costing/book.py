"""Price books: dated data with unit and source; a price that is not in the book is an error, never a guess."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources

from harness.errors import BadFile, Problem, Refused

OLD_AFTER_DAYS = 120


@dataclass(frozen=True)
class Price:
    """One unit price."""

    key: str
    usd: Decimal
    unit: str
    source: str
    confirmed: bool


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
        raise Refused(f"price book {self.name} holds no {key!r}")

    def age_days(self, today: dt.date) -> int:
        return (today - self.date).days


def read_book(name: str) -> Book:
    """A book of this package by its name; raises Refused with the known ones."""
    folder = resources.files("harness.costing") / "books"
    file = folder / f"{name}.toml"
    if not file.is_file():
        known = sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))
        raise Refused(f"no price book {name!r}", f"known: {', '.join(known)}")
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    try:
        prices = tuple(
            Price(key, Decimal(p["usd"]), p["unit"], p["source"], p["confirmed"]) for key, p in data["prices"].items()
        )
        return Book(data["name"], dt.date.fromisoformat(data["date"]), data["region"], prices)
    except (KeyError, ValueError) as error:
        raise BadFile(str(file), [Problem("", f"is not a price book: {error!r}")]) from None
