"""A price book as a file: the same form that it is read from."""

from __future__ import annotations

import json
from decimal import Decimal

from harness.platforms.shared.book import Book, Price


def book_toml(book: Book, comment: str) -> str:
    """The whole file; reading it gives the same book."""
    parts = [f"# {comment}", ""]
    parts += [f"name    = {_text(book.name)}", f"date    = {_text(book.date.isoformat())}"]
    parts += [f"region  = {_text(book.region)}", ""]
    for price in book.prices:
        parts += [*_price(price), ""]
    return "\n".join(parts)


def _price(price: Price) -> list[str]:
    lines = [
        f"[prices.{price.key}]",
        f"usd = {_number(price.usd)}",
        f"unit = {_text(price.unit)}",
        f"source = {_text(price.source)}",
        f"confirmed = {'true' if price.confirmed else 'false'}",
    ]
    if price.free_per_month:
        lines.append(f"free_per_month = {_number(price.free_per_month)}")
    if price.everywhere:
        lines.append("everywhere = true")
    if price.added is not None:
        lines.append(f"added = {_text(price.added)}")
    if price.lookup:
        lines.append("lookup = { " + ", ".join(f"{k} = {_text(v)}" for k, v in price.lookup.items()) + " }")
    if price.tiers:
        tiers = ", ".join(f"{{ above = {_number(a)}, usd = {_number(u)} }}" for a, u in price.tiers)
        lines.append(f"tiers = [{tiers}]")
    return lines


def _number(value: Decimal) -> str:
    return f'"{value.normalize():f}"'


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)  # a JSON string is a TOML string
