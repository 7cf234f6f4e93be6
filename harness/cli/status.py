"""``pilot status``: the board of the pilot."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import pipeline
from harness.cli import page
from harness.cli.output import emit
from harness.domain.looks import look
from harness.status.board import BlockState, Board
from harness.status.way import State
from harness.workspace import find

MARKS: dict[str, str] = {
    BlockState.DONE: "●",
    BlockState.INVALID: "▲",
    BlockState.GIVEN_UP: "▲",
    BlockState.BEGUN: "◐",
    BlockState.DUE: "○",
    State.WAITING: "◌",
    State.ABSENT: "-",
    BlockState.NOT_NEEDED: "·",
}
OVER = (BlockState.DONE, BlockState.GIVEN_UP, BlockState.NOT_NEEDED)


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
    page.lines(out, board.question, [*_way(board), *_facts(board)], mark=" ")
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
    page.rows(out, "Blocks", head, body, right=(0, 3, 6, 7, 8))
    if board.blocks:
        done = sum(line.state is BlockState.DONE for line in board.blocks)
        spared = sum(line.state is BlockState.NOT_NEEDED for line in board.blocks)
        not_needed = f", {spared} not needed" if spared else ""
        print(f"{done} of {len(board.blocks)} blocks done{not_needed}, {board.uncollected} runs not collected")
    page.lines(out, "workloads", [f"{one.name}: {one.words}" for one in board.workloads])
    print(f"next: {_next(board)}")


def _next(board: Board) -> str:
    if board.next_command is None:
        return f"nothing is left to do; the report is {board.steps[-1].words}"
    return "pilot decide, then pilot report" if board.next_command == "pilot decide" else board.next_command


def _way(board: Board) -> list[str]:
    """Each step with its mark, its name and how far it is."""
    return [f"{MARKS[step.state]} {step.name:<10} {step.words}".rstrip() for step in board.steps]


def _facts(board: Board) -> list[str]:
    """What it has cost, when it will be over, and when verdicts may be read."""
    paired = [b for b in board.blocks if b.track is None]
    valid = sum(b.state is BlockState.DONE for b in paired)
    out = [f"  {'spend':<10} {board.spent_usd} of {board.budget_usd} USD (MODELLED)"]
    if left := [b.not_before for b in board.blocks if b.state not in OVER and b.day_part != "now"]:
        out.append(f"  {'last slot':<10} {max(left)[:16].replace('T', ' ')} UTC")
    if paired:
        out.append(f"  {'verdicts':<10} {board.settled or _looks(valid, len(paired))}: pilot decide")
    return out


def _looks(valid: int, planned: int) -> str:
    now = look(valid, planned)
    if not now.number:
        return f"none before {now.following} blocks ({valid} so far)"
    return f"read at {now.blocks} blocks{f', the next look is at {now.following}' if now.following else ''}"
