"""``pilot compare A B``: two campaigns beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from harness.analysis.trend import ALPHA, Seen
from harness.cli import page
from harness.cli.output import emit
from harness.domain.shown import visible
from harness.errors import Exit
from harness.report.compared import OPEN, Compared, Row, compared, compared_json
from harness.report.earlier import read_two
from harness.report.trend import Campaign, Point, configured
from harness.report.trend_shown import change_text, plain
from harness.report.words import ends_text
from harness.words import said
from harness.words.numbers import FORMATS, Write, bracket, counted, level, percent

MOST_CONFIGURED = 12  # lines; the report's own table has all
HELP = "Its report's folder or decision.json, or its workspace."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compare")(compare)


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help=f"The earlier campaign. {HELP}")],
    b: Annotated[Path, typer.Argument(metavar="B", help=f"The later campaign. {HELP}")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Lay two campaigns beside each other, promise by promise; exit 6 when something can't be told or compared."""
    found = compared(*read_two(a, b))
    if as_json:
        emit(compared_json(found))
    else:
        _print(found)
    if found.open or not found.rows:
        raise typer.Exit(int(Exit.CANT_TELL))


def _print(found: Compared) -> None:
    out = page.console()
    names = found.trend.labels
    page.lines(out, "campaigns", [_campaign("A", found.a), _campaign("B", found.b), *_order(found)])
    head = ("B is", "target", "profile", "promise", "A", "B", "change (interval)")
    rows = [
        (
            row.told.value,
            visible(names.get(row.key[2], row.key[2])),
            visible(row.key[0]),
            visible(row.name),
            _value(row, row.a),
            _value(row, row.b),
            _change(row),
        )
        for row in found.rows
    ]
    page.rows(out, "B against A", head, rows)
    page.lines(out, "how", list(_how(found)))
    page.lines(out, "configured otherwise", list(_configured(found)))
    reasons = [visible(said(reason)) for reason in found.reasons]
    page.lines(out, f"open: {len(found.open)} of {counted(len(found.rows), 'comparison')}", reasons)


def _campaign(which: str, one: Campaign) -> str:
    measured = f"measured from {visible(one.label)}" if one.about["from_utc"] else "does not say when it measured"
    return f"{which}: {one.source}, {measured}"


def _order(found: Compared) -> Iterator[str]:
    then, now = (one.about["from_utc"] for one in (found.a, found.b))
    if then and now and then > now:
        yield "B was measured before A; better and worse are of B all the same"


def _value(row: Row, point: Point | None) -> str:
    if point is None:
        return "not judged"
    if row.by_share and point.beyond:
        return f"{_seen(point.beyond, percent)} beyond the limit"
    return _seen(point.seen, FORMATS[row.unit]) if point.seen else visible(point.why)


def _seen(seen: Seen, write: Write) -> str:
    value = write(seen.value)
    many = "" if seen.blocks is None else counted(seen.blocks, "block")
    return f"{value}{bracket(value, ends_text(seen.low, seen.high, write), many)}"


def _change(row: Row) -> str:
    if row.told in OPEN or row.step is None or row.step.change is None:
        return visible(said(row.why)) if row.why else ""
    change = row.step.change
    ends = ends_text(*row.ends, lambda end: change_text(end, change.by))
    return f"{change_text(change.size, change.by)}{bracket('', ends)}"


def _how(found: Compared) -> Iterator[str]:
    if many := found.family:
        yield f"better and worse are beyond chance ({100 * ALPHA:g} % for all {many} together, Holm); anything else was not shown"
        yield f"the interval of each change is of {level(1 - ALPHA / many)}, so that all {many} hold together"


def _configured(found: Compared) -> Iterator[str]:
    every = list(configured(found.trend))
    for _, field, then, now in every[:MOST_CONFIGURED]:
        yield f"{visible(field)}: {plain(then) or 'not there'}, then {plain(now) or 'not there'}"
    if len(every) > MOST_CONFIGURED:
        yield f"and {len(every) - MOST_CONFIGURED} more"
