"""``pilot prices refresh``: a book anew from its provider's price API, as a file of the workspace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from harness.campaign.progress import Progress
from harness.errors import PilotError, Refused
from harness.evidence.files import write_text
from harness.platforms.shared.book import Book, Price
from harness.platforms.shared.price_lists import Ask
from harness.platforms.shared.write import book_toml


@dataclass(frozen=True)
class Changed:
    """One price that was looked up: what it was, what it is, or why it could not be had."""

    key: str
    before: Decimal
    after: Decimal | None
    words: str = ""


@dataclass(frozen=True)
class Refreshed:
    """The new book's file, every price that was asked for, and those whose provider has no lookup."""

    path: Path
    book: Book
    asked: tuple[Changed, ...]
    kept: tuple[str, ...]


def refresh(book: Book, folder: Path, today: date, progress: Progress, ask: Ask) -> Refreshed:
    """Write ``PROVIDER-YYYY-MM-DD.toml``; a price that could not be had keeps its old value and its old source.

    Raises Refused when the file is there already, PilotError when not one price could be had.
    """
    provider = book.name.partition("-")[0]
    name = f"{provider}-{today.isoformat()}"
    path = folder / f"{name}.toml"
    if path.exists():
        raise Refused(f"{path} is there already", "remove it, or use it: book = in target.toml")
    prices: list[Price] = []
    asked: list[Changed] = []
    wanted = [p for p in book.prices if p.lookup]
    for price in book.prices:
        if not price.lookup:
            prices.append(price)
            continue
        progress.work(f"asking  {len(asked) + 1}/{len(wanted)}  {price.key}")
        try:
            found = ask(price, book.region)
        except PilotError as error:
            asked.append(Changed(price.key, price.usd, None, str(error)))
            prices.append(price)
            continue
        asked.append(Changed(price.key, price.usd, found.usd, found.source))
        source = f"{found.source}, {today.isoformat()}"
        prices.append(replace(price, usd=found.usd, tiers=found.tiers, source=source, confirmed=True))
    if not any(change.after is not None for change in asked):
        reasons = "; ".join(dict.fromkeys(change.words for change in asked))
        raise PilotError(
            f"not one price of {book.name} could be had: {reasons or 'it has no lookups'}",
            "the old book still counts; look at the reasons, then try again",
        )
    made = Book(name, today, book.region, tuple(prices))
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, book_toml(made, f"List prices, USD, made from {book.name} by pilot prices refresh."))
    return Refreshed(path, made, tuple(asked), tuple(p.key for p in book.prices if not p.lookup))
