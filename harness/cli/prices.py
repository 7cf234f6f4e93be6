"""``pilot prices [refresh BOOK]``: the price books, and a new one from its provider's price API."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from harness.campaign.progress import Progress
from harness.cli.output import emit
from harness.collect import prices as refreshing
from harness.errors import Refused
from harness.platforms.shared.book import OLD_AFTER_DAYS, Book, book_names, read_book
from harness.platforms.shared.price_lists import price_list_of
from harness.workspace import find
from harness.workspace.priced import priced_targets


def register(app: typer.Typer) -> None:
    """Add the command and its subcommand."""
    sub = typer.Typer(invoke_without_command=True, no_args_is_help=False)
    sub.callback()(prices)
    sub.command("refresh")(refresh)
    app.add_typer(sub, name="prices", short_help=prices.__doc__)


def prices(
    context: typer.Context,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Print every price with its unit and whether it is confirmed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the books as JSON.")] = False,
) -> None:
    """List the price books: date, age, region, and how many of their prices nobody has confirmed."""
    if context.invoked_subcommand:
        return
    today = datetime.now(UTC).date()
    books = [read_book(name) for name in book_names()]
    if as_json:
        emit([_row(book, today) for book in books])
        return
    for book in books:
        age = book.age_days(today)
        old = f", older than {OLD_AFTER_DAYS} days: pilot prices refresh {book.name}" if age > OLD_AFTER_DAYS else ""
        unsure = sum(not p.confirmed for p in book.prices)
        print(f"{book.name}  {book.region}  {len(book.prices)} prices, {unsure} unconfirmed, {age} days old{old}")
        for price in book.prices if every else ():
            print(f"  {price.key}  {price.usd:f} USD per {price.unit}{'' if price.confirmed else '  unconfirmed'}")


def _row(book: Book, today: date) -> dict[str, object]:
    age = book.age_days(today)
    return {
        "book": book.name,
        "date": book.date.isoformat(),
        "age_days": age,
        "old": age > OLD_AFTER_DAYS,
        "region": book.region,
        "prices": len(book.prices),
        "unconfirmed": [p.key for p in book.prices if not p.confirmed],
    }


def refresh(
    book: Annotated[str, typer.Argument(help="A book's name, or the path of one of your own.")],
    *,
    region: Annotated[
        str | None, typer.Option(help="Any region, by the provider's name for it (default: the book's).")
    ] = None,
    machine: Annotated[
        list[str] | None,
        typer.Option(
            help="A machine type to price, such as g5.xlarge; may be repeated (default: those of the book and the targets)."
        ),
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(
            help="KEY=USD: a price that you know, in the book's unit, used instead of the API; may be repeated."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was asked, kept and left out as JSON.")] = False,
) -> None:
    """Ask the provider's price API for every price with a lookup; writes a new book to prices/ of this workspace."""
    old = read_book(book)
    workspace = find()
    listed = price_list_of(old)
    targets = {} if machine else priced_targets(workspace.root)
    order = refreshing.order_of(old, listed, region, tuple(machine or ()), _stated(price or []), targets)
    today = datetime.now(UTC).date()
    with Progress() as progress:
        made = refreshing.refresh(old, order, workspace.root / "prices", today, progress, listed.ask)
    if as_json:
        emit(_told(made))
        return
    _print(made)
    at = made.path.relative_to(workspace.root)
    print(f'{made.path}: use it with book = "{at}", region = "{made.book.region}" in target.toml')


def _stated(given: list[str]) -> dict[str, Decimal]:
    out = {}
    for one in given:
        key, _, usd = one.partition("=")
        try:
            value = Decimal(usd)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value < 0:
            raise Refused(f"--price {one[:60]!r} is not KEY=USD", "for example egress_gb=0.09")
        out[key] = value
    return out


def _told(made: refreshing.Refreshed) -> dict[str, object]:
    """Prices as text, which no reader rounds; null with its reason for what could not be had."""
    asked = [
        {
            "price": change.key,
            "before_usd": None if change.before is None else f"{change.before:f}",
            "after_usd": None if change.after is None else f"{change.after:f}",
            "source" if change.after is not None else "reason": change.words,
        }
        for change in made.asked
    ]
    file = {"file": str(made.path), "book": made.book.name, "region": made.book.region}
    return {**file, "asked": asked, "kept": list(made.kept), "left_out": dict(made.left_out)}


def _print(made: refreshing.Refreshed) -> None:
    for change in made.asked:
        if change.after is None and change.before is not None:
            print(f"kept     {change.key}  {change.before:f}: {change.words}")
        elif change.after is None:
            continue  # told below, as left out
        elif change.before is None:
            print(f"new      {change.key}  {change.after:f}")
        elif change.after != change.before:
            print(f"changed  {change.key}  {change.before:f} to {change.after:f}")
        else:
            print(f"same     {change.key}  {change.before:f}")
    unnamed = [key for key, why in made.left_out.items() if why == refreshing.NOT_NAMED]
    for key, why in made.left_out.items():
        if why != refreshing.NOT_NAMED:
            print(f"left out {key}: {why}")
    if unnamed:
        print(
            f"{len(unnamed)} machine types of the old book were not asked for and are left out: name them with --machine"
        )
    print(f"{len(made.kept)} prices were not asked for and are kept as they were")
    if len(made.left_out) > len(unnamed):
        print(
            f"Nothing can be billed in {made.book.region} at a price that is left out: give it with --price KEY=USD if you know it."
        )
