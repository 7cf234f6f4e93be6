"""``pilot prices refresh``: a book anew, of any region, from its provider's price API, as a file of the workspace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from harness.campaign.progress import Progress
from harness.errors import PilotError, Refused
from harness.evidence.files import write_text
from harness.platforms.machines import keys_of_machines, machine_price, named_machines, priced_machines
from harness.platforms.shared.book import Book, Price
from harness.platforms.shared.price_lists import Ask, PriceList
from harness.platforms.shared.write import book_toml

REGION = re.compile(r"[a-z][a-z0-9-]{1,40}")
NO_LOOKUP = "its provider's price API is not asked for it"
NOT_NAMED = "no --machine names it"


@dataclass(frozen=True)
class Order:
    """What a refresh is asked for.

    ``machines``: by price key, each with its lookup; ``only_named``: no other machine of the book is asked for;
    ``stated``: prices that the team knows by itself.
    """

    region: str
    machines: Mapping[str, Price] = field(default_factory=dict)
    only_named: bool = False
    stated: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Changed:
    """One price that was looked up: what it was in this region, what it is; None with the reason in ``words``."""

    key: str
    before: Decimal | None
    after: Decimal | None
    words: str = ""


@dataclass(frozen=True)
class Refreshed:
    """The new book's file, every price that was asked for, those kept as they were, and those left out with the reason."""

    path: Path
    book: Book
    asked: tuple[Changed, ...]
    kept: tuple[str, ...]
    left_out: Mapping[str, str]


def order_of(
    book: Book,
    names: PriceList,
    region: str | None,
    machines: tuple[str, ...],
    stated: Mapping[str, Decimal],
    targets: Mapping[str, tuple[str, tuple[str, ...]]],
) -> Order:
    """Machines that are named, else all of the book and those of ``targets`` (a model and its parameters, by target).

    Raises Refused for a region or a machine that cannot be one, and for a stated price that the book knows nothing of.
    """
    place = region or book.region
    if not REGION.fullmatch(place):
        raise Refused(f"--region {place[:40]!r} is not a region", "as the provider writes it: eu-central-1, westeurope")
    if unknown := [key for key in stated if key not in {p.key for p in book.prices}]:
        raise Refused(
            f"--price {unknown[0][:60]}: {book.name} holds no price of this key", "pilot prices --all lists the keys"
        )
    if machines:
        made = {price.key: price for price in (machine_price(book, one, names) for one in machines)}
        return Order(place, made, only_named=True, stated=stated)
    also = [one for model, parameters in targets.values() for one in named_machines(model, parameters, book)]
    found = priced_machines(book, names)
    new = {price.key: price for price in (machine_price(book, one, names) for one in also)}
    return Order(place, {**new, **found}, stated=stated)


def refresh(book: Book, order: Order, folder: Path, today: date, progress: Progress, ask: Ask) -> Refreshed:
    """Write ``PROVIDER-REGION-YYYY-MM-DD.toml``, or with a number after it where there is one already.

    In the book's own region a price that could not be had keeps its old value and its old source; in another it is left
    out, unless it is the same everywhere. Raises PilotError when not one price could be had.
    """
    made = _Making(book, order, today)
    held = {price.key: price for price in book.prices}
    machines = keys_of_machines(book)
    entries = {**held, **order.machines}
    wanted = [key for key in entries if _is_asked(entries[key], order, machines)]
    for key, price in entries.items():
        if key in order.stated:
            made.take(
                replace(
                    price,
                    usd=order.stated[key],
                    tiers=(),
                    source=f"stated by the team, {today.isoformat()}",
                    confirmed=True,
                )
            )
        elif key not in wanted:
            made.keep(price, NOT_NAMED if key in machines else NO_LOOKUP)
        else:
            progress.work(f"asking  {len(made.asked) + 1}/{len(wanted)}  {key}")
            made.ask(price, held.get(key), ask)
    return made.written(folder)


def _is_asked(price: Price, order: Order, machines: frozenset[str]) -> bool:
    if price.key in order.stated:
        return False
    if price.key in order.machines:
        return True
    return bool(price.lookup) and price.key not in machines


class _Making:
    """A book while it is made."""

    def __init__(self, book: Book, order: Order, today: date) -> None:
        self._book, self._order, self._today = book, order, today
        self._here = order.region == book.region
        self._prices: list[Price] = []
        self.asked: list[Changed] = []
        self._kept: list[str] = []
        self._left_out: dict[str, str] = {}

    def take(self, price: Price) -> None:
        self._prices.append(price)

    def keep(self, price: Price, why_not: str) -> None:
        """As it was, where it holds in the new region too."""
        if self._here or price.everywhere:
            self._prices.append(price)
            self._kept.append(price.key)
        else:
            self._left_out[price.key] = why_not

    def ask(self, price: Price, held: Price | None, ask: Ask) -> None:
        before = held.usd if held and (self._here or held.everywhere) else None
        try:
            found = ask(price, self._order.region)
        except PilotError as error:
            self.asked.append(Changed(price.key, before, None, str(error)))
            if held and before is not None:
                self._prices.append(held)
            else:
                self._left_out[price.key] = str(error)
            return
        self.asked.append(Changed(price.key, before, found.usd, found.source))
        source = f"{found.source}, {self._today.isoformat()}"
        self._prices.append(replace(price, usd=found.usd, tiers=found.tiers, source=source, confirmed=True))

    def written(self, folder: Path) -> Refreshed:
        if not any(change.after is not None for change in self.asked):
            reasons = "; ".join(dict.fromkeys(change.words for change in self.asked))
            raise PilotError(
                f"not one price of {self._book.name} could be had: {reasons or 'it has no lookups'}",
                "the old book still counts; look at the reasons, then try again",
            )
        path = _free(folder, f"{self._book.provider}-{self._order.region}-{self._today.isoformat()}")
        made = Book(path.stem, self._today, self._order.region, tuple(self._prices))
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, book_toml(made, f"List prices, USD, made from {self._book.name} by pilot prices refresh."))
        return Refreshed(path, made, tuple(self.asked), tuple(self._kept), self._left_out)


def _free(folder: Path, name: str) -> Path:
    """A book is never written over: what was sealed with it must find it."""
    path, number = folder / f"{name}.toml", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.toml"
    return path
