"""Providers' price APIs: how each is asked for one price, and what it calls a machine.

A lookup that finds none or several is an error: the wrong price is worse than an old one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import Refused
from harness.platforms.shared.aws import client
from harness.platforms.shared.aws_prices import REGION, aws_machine, aws_price
from harness.platforms.shared.azure_prices import azure_machine, azure_price
from harness.platforms.shared.book import Book, Price
from harness.platforms.shared.found_price import FoundPrice
from harness.platforms.shared.google_prices import google_catalogue, google_machine

Ask = Callable[[Price, str], FoundPrice]  # a price's lookup, a region


@dataclass(frozen=True)
class PriceList:
    """One provider's."""

    ask: Ask
    machine: Callable[[str], str]  # the provider's own name of what a target names ``g5_xlarge``


def price_list_of(book: Book) -> PriceList:
    """That of the book's provider, the first word of its name; raises Refused for one that has no price API here."""
    made = PRICE_LISTS.get(book.provider)
    if made is None:
        raise Refused(f"{book.name}: no price API is known for {book.provider!r}", "edit a copy of the book by hand")
    return made()


def _aws() -> PriceList:
    api = client("pricing", REGION)
    return PriceList(lambda price, region: aws_price(api, price.lookup, region), aws_machine)


def _azure() -> PriceList:
    return PriceList(lambda price, region: azure_price(price.lookup, region), azure_machine)


def _gcp() -> PriceList:
    catalogue = google_catalogue()
    return PriceList(lambda price, region: catalogue.price(price.lookup, region), google_machine)


PRICE_LISTS = {"aws": _aws, "azure": _azure, "gcp": _gcp}
