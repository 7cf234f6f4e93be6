"""``pilot collect``: pull what the platforms know of the runs so far."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from harness import pipeline
from harness.campaign.progress import Progress
from harness.cli.output import emit
from harness.collect.collect import Collected
from harness.errors import Exit
from harness.evidence.coverage import table
from harness.workspace import find, trust


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("collect")(collect)


def collect(*, as_json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False) -> None:
    """Fetch every settled reading and bill that is still missing; safe to repeat, and from cron; exit 6 when one got no answer."""
    workspace = find()
    trust.for_work(workspace, trust.measured(workspace))
    with Progress() as progress:
        done = pipeline.collect(workspace, progress)
    if as_json:
        emit(done)
    else:
        _print(done)
    if done.failed:  # what was asked and not answered is no success, though it will be asked again
        raise typer.Exit(int(Exit.CANT_TELL))


def _print(done: Collected) -> None:
    if not (done.pulled or done.kept or done.unsettled or done.failed or done.bills.days or done.bills.final):
        print("nothing to collect: no run has ended, or no target names a source")
        return
    print(
        f"{done.pulled} pulled, {done.kept} already there, {done.absent} series absent, "
        f"{len(done.unsettled)} not settled yet, {len(done.failed)} not answered"
    )
    for line in _more(done):
        print(line)


def _more(done: Collected) -> list[str]:
    """The coverage table, what was not answered, and until when the rest can be had."""
    out = [f"not answered, will be asked again: {reason}" for reason in done.failed]
    if done.bills.days or done.bills.final:
        words = f"{done.bills.days} days of bills pulled for {done.bills.usd} USD of the pilot's own, "
        out.append(words + f"{done.bills.final} final already")
    if done.unsettled:
        settles = max(due.settles_unix_s for due in done.unsettled)
        out.append(f"run it again after {_instant(settles)}: {len(done.unsettled)} readings have not settled")
    if due := done.next_expiry:
        gone = _instant(due.expires_unix_s or 0.0)
        out.append(f"the first to expire: {due.source} of {due.target}, {due.day}, gone after {gone}")
    if done.cells:
        head, rows = table(done.cells)
        widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
        out += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    return out


def _instant(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
