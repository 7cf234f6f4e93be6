"""What a deployment costs per hour while nobody asks anything, by the price books of its targets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from harness.domain.target import Target
from harness.platforms.deploying import Standing
from harness.platforms.pricing import NOTHING, pricing_of
from harness.platforms.shared.book import Book

Amounts = tuple[tuple[Decimal, str], ...]  # of a price book's keys, an hour


def book_of(targets: Sequence[Target]) -> Book | None:
    """The first one that a target names; None where none does."""
    return next((pricing_of(target.prices).book for target in targets if target.prices), None)


def standing_of(target: Target, what: str, unless: Collection[str] = ()) -> Iterator[Standing]:
    """An hour without requests by its own prices; ``what`` it is called where it has none, ``unless``: keys that such an hour lacks."""
    if target.prices is None:
        yield Standing(what, None)
        return
    pricing = pricing_of(target.prices)
    for line in pricing.bill(NOTHING).lines:
        if line.quantity and line.price_key not in unless:
            yield Standing(line.label, line.amount_usd, pricing.book.price(line.price_key).confirmed)


def priced(what: str, book: Book | None, amounts: Amounts) -> Standing:
    """No price where the book has none: it may be a team's own, or of another day."""
    known = {price.key: price for price in book.prices} if book else {}
    if any(key not in known for _, key in amounts):
        return Standing(what, None)
    usd = sum((count * known[key].usd for count, key in amounts), Decimal(0))
    return Standing(what, usd, all(known[key].confirmed for _, key in amounts))
