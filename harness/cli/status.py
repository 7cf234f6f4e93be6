"""``pilot status``: the board of the pilot."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import pipeline
from harness.campaign.board import Board
from harness.cli import page
from harness.cli.output import emit
from harness.domain.looks import look
from harness.workspace import find

MARKS = {"done": "●", "invalid": "▲", "begun": "◐", "due": "○", "not needed": "·"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(*, as_json: Annotated[bool, typer.Option("--json", help="Print the board as JSON.")] = False) -> None:
    """Show what is done, what is missing and which command comes next."""
    board = pipeline.status(find())
    if as_json:
        emit(board)
        return
    out = page.console()
    page.lines(out, board.question, _facts(board), mark=" ")
    body = [
        (
            str(b.day),
            b.day_part,
            b.track or "block",
            str(b.number),
            b.order,
            f"{MARKS[b.state]} {b.state}",
            str(b.attempts) if b.attempts else "",
            "" if b.requests is None else str(b.requests),
            "" if b.failed_requests is None else str(b.failed_requests),
        )
        for b in sorted(board.blocks, key=lambda b: (b.day, b.not_before, b.number))
    ]
    head = ("day", "from", "unit", "no", "order", "state", "attempts", "requests", "failed")
    page.rows(out, "The two weeks", head, body, right=(0, 3, 6, 7, 8))
    done = sum(line.state == "done" for line in board.blocks)
    spared = sum(line.state == "not needed" for line in board.blocks)
    not_needed = f", {spared} not needed" if spared else ""
    print(f"{done} of {len(board.blocks)} blocks done{not_needed}, {board.uncollected} runs not collected")
    print(f"next: {board.next_command}")


def _facts(board: Board) -> list[str]:
    """What is there, what it has cost, when it will be over, and when verdicts may be read."""
    paired = [b for b in board.blocks if b.track is None]
    valid = sum(b.state == "done" for b in paired)
    out = [
        f"plan       {'drawn' if board.planned else 'none yet'}, "
        + (f"sealed {board.sealed}" if board.sealed else "not sealed"),
        f"generator  {board.calibrated or 'not calibrated yet: pilot calibrate'}",
        f"contract   {'checked' if board.contract_checked else 'not checked yet'}",
        *(f"settings   {words}" for words in board.swept),
        f"spend      {board.spent_usd} of {board.budget_usd} USD (MODELLED)",
    ]
    if left := [b.not_before for b in board.blocks if b.state not in ("done", "not needed")]:
        out.append(f"last slot  {max(left)[:16].replace('T', ' ')} UTC")
    if paired:
        out.append(f"verdicts   {board.settled or _looks(valid, len(paired))}: pilot decide")
    return out


def _looks(valid: int, planned: int) -> str:
    now = look(valid, planned)
    if not now.number:
        return f"none before {now.following} blocks ({valid} so far)"
    return f"read at {now.blocks} blocks{f', the next look is at {now.following}' if now.following else ''}"
