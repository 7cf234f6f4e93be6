"""``pilot prices [refresh BOOK]``: the price books, and one made anew from its provider's price API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from harness.campaign.progress import Progress
from harness.cli.output import emit
from harness.collect import prices as refreshing
from harness.platforms.shared.book import OLD_AFTER_DAYS, book_names, read_book
from harness.platforms.shared.price_lists import asker
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command and its subcommand."""
    sub = typer.Typer(invoke_without_command=True, no_args_is_help=False)
    sub.callback()(prices)
    sub.command("refresh")(refresh)
    app.add_typer(sub, name="prices", short_help=prices.__doc__)


def prices(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the books as JSON.")] = False,
) -> None:
    """List the price books: date, age, region, and how many of their prices nobody has confirmed."""
    if context.invoked_subcommand:
        return
    today = datetime.now(UTC).date()
    books = [read_book(name) for name in book_names()]
    rows = [
        {
            "book": book.name,
            "date": book.date.isoformat(),
            "age_days": book.age_days(today),
            "old": book.age_days(today) > OLD_AFTER_DAYS,
            "region": book.region,
            "prices": len(book.prices),
            "unconfirmed": [p.key for p in book.prices if not p.confirmed],
        }
        for book in books
    ]
    if as_json:
        emit(rows)
        return
    for row in rows:
        old = f", older than {OLD_AFTER_DAYS} days: pilot prices refresh {row['book']}" if row["old"] else ""
        print(f"{row['book']}  {row['region']}  {row['prices']} prices, {row['age_days']} days old{old}")
        for key in row["unconfirmed"]:  # type: ignore[attr-defined]
            print(f"  unconfirmed: {key}")


def refresh(book: Annotated[str, typer.Argument(help="A book's name, or the path of one of your own.")]) -> None:
    """Ask the provider's price API for every price that it has a lookup for; writes prices/ of this workspace."""
    old = read_book(book)
    workspace = find()
    with Progress() as progress:
        made = refreshing.refresh(old, workspace.root / "prices", datetime.now(UTC).date(), progress, asker(old))
    for change in made.asked:
        if change.after is None:
            print(f"kept     {change.key}  {change.before:f}: {change.words}")
        elif change.after != change.before:
            print(f"changed  {change.key}  {change.before:f} to {change.after:f}")
        else:
            print(f"same     {change.key}  {change.before:f}")
    print(f"{len(made.kept)} prices have no lookup and are kept as they were")
    print(f'{made.path}: use it with book = "{made.path.relative_to(workspace.root)}" in target.toml')
