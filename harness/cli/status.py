"""``pilot status``: the board of the pilot."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import pipeline
from harness.cli.output import emit
from harness.workspace import find

MARKS = {"done": "●", "invalid": "▲", "begun": "◐", "due": "○"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(*, as_json: Annotated[bool, typer.Option("--json", help="Print the board as JSON.")] = False) -> None:
    """Show what is done, what is missing and which command comes next."""
    board = pipeline.status(find())
    if as_json:
        emit(board)
        return
    print(board.question)
    print(
        f"  plan      {'drawn' if board.planned else 'none yet'}, {f'sealed {board.sealed}' if board.sealed else 'not sealed'}"
    )
    print(f"  generator {board.calibrated or 'not calibrated yet: pilot calibrate'}")
    print(f"  contract  {'checked' if board.contract_checked else 'not checked yet'}")
    print(f"  spend     {board.spent_usd} of {board.budget_usd} USD (worst case, MODELLED)")
    for day in sorted({line.day for line in board.blocks}):
        for line in (b for b in board.blocks if b.day == day):
            counts = "" if line.requests is None else f"  {line.requests} requests, {line.failed_requests} failed"
            tries = f"  attempt {line.attempts}" if line.attempts > 1 else ""
            print(
                f"  day {day:>2}  {line.day_part}  {line.track or 'block':<9} {line.number:>2} {line.order}  "
                f"{MARKS[line.state]} {line.state}{tries}{counts}"
            )
    done = sum(line.state == "done" for line in board.blocks)
    print(f"  {done} of {len(board.blocks)} blocks done, {board.uncollected} runs not collected")
    print(f"next: {board.next_command}")
