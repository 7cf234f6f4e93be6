"""Price books: dated data with unit and source; a price that is not in the book is an error, never a guess."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from harness.domain.bounds import BOOK_BYTES, MOST_ITEMS
from harness.errors import Refused
from harness.tables.problems import parse_toml, validate
from harness.tables.table import Table
from harness.tables.text import text_of
from harness.tables.values import Line, Name

OLD_AFTER_DAYS = 120
NO_BOOK = ""  # of prices that stand in target.toml


def _unit_price(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("want a number, best as text")  # noqa: TRY004 - pydantic reports ValueErrors alone
    try:
        made = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{str(value)[:40]!r} is not a number") from None
    if not made.is_finite() or not 0 <= made <= MOST:
        raise ValueError(f"want a finite number from 0 to {MOST}")
    return made


def _a_day(value: str) -> str:
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a day like 2026-11-22") from None
    return value


MOST = 10**15
UnitPrice = Annotated[Decimal, BeforeValidator(_unit_price)]


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
    everywhere: bool = False  # the same in every region
    added: str | None = None  # a day after the book's: seals from before know the book without it

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

    @property
    def provider(self) -> str:
        """The first word of its name."""
        return self.name.partition("-")[0]

    def price(self, key: str) -> Price:
        """Raises Refused when the book does not hold it."""
        for price in self.prices:
            if price.key == key:
                return price
        raise Refused(
            f"price book {self.name} holds no {key!r}",
            "pilot prices lists what it holds; name another book or model under [prices]",
        )

    def digest(self, used: Collection[str] = ()) -> str:
        """Of everything that a bill reads: of prices that were added later only those ``used``, so that adding breaks no seal."""
        read = sorted((p for p in self.prices if not p.added or p.key in used), key=lambda p: p.key)
        text = repr([(p.key, p.usd, p.unit, p.tiers, p.free_per_month) for p in read])
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def age_days(self, today: dt.date) -> int:
        return (today - self.date).days


def book_names() -> list[str]:
    """The books of this package."""
    folder = resources.files("harness.platforms.shared") / "books"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def read_book(name: str) -> Book:
    """A book of this package by its name, or a team's own by its file's path.

    ``NO_BOOK``: one without prices. Raises Refused with the known ones, BadFile with every wrong price.
    """
    if name == NO_BOOK:
        return Book(NO_BOOK, dt.date.max, "", ())
    if name.endswith(".toml"):
        return parse_book(name, text_of(Path(name), "pilot prices refresh makes one", BOOK_BYTES))
    file = resources.files("harness.platforms.shared") / "books" / f"{name}.toml"
    if not file.is_file():
        raise Refused(f"no price book {name!r}", f"known: {', '.join(book_names())}, or the path of a book of your own")
    return parse_book(str(file), file.read_text(encoding="utf-8"))


class TierTable(Table):
    """A price beyond a quantity a month."""

    above: UnitPrice
    usd: UnitPrice


class PriceTable(Table):
    """One price; numbers stand as text, which no reader rounds."""

    usd: UnitPrice
    unit: Line
    source: str = Field(min_length=1, max_length=1_000)
    confirmed: bool
    tiers: tuple[TierTable, ...] = Field(default=(), max_length=20)
    free_per_month: UnitPrice = Decimal(0)
    lookup: dict[str, Line] = Field(default_factory=dict)
    everywhere: bool = False
    added: Annotated[str, Field(max_length=10), AfterValidator(_a_day)] | None = None

    @field_validator("tiers")
    @classmethod
    def _ascend(cls, value: tuple[TierTable, ...]) -> tuple[TierTable, ...]:
        edges = [Decimal(0), *(tier.above for tier in value)]
        if any(a >= b for a, b in pairwise(edges)):
            raise ValueError("tiers must ascend, from above 0")
        return value

    def made(self, key: str) -> Price:
        tiers = tuple((tier.above, tier.usd) for tier in self.tiers)
        said = self.usd, self.unit, self.source, self.confirmed
        return Price(key, *said, tiers, self.free_per_month, self.lookup, self.everywhere, self.added)


class BookToml(Table):
    """The whole file."""

    name: Name
    date: Annotated[str, Field(max_length=10), AfterValidator(_a_day)]
    region: Line
    prices: dict[Name, PriceTable] = Field(default_factory=dict, max_length=MOST_ITEMS)


@lru_cache(maxsize=32)
def parse_book(file: str, text: str) -> Book:
    """A book out of its text; raises BadFile that names ``file`` and every wrong price."""
    made = validate(BookToml, parse_toml(text, file), file)
    prices = tuple(table.made(key) for key, table in made.prices.items())
    return Book(made.name, dt.date.fromisoformat(made.date), made.region, prices)
