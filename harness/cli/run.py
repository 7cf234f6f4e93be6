"""``pilot run``: execute the sealed plan."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from harness import pipeline
from harness.campaign.progress import Progress
from harness.errors import Exit
from harness.watch.beside import beside
from harness.workspace import find, trust


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    *,
    now: Annotated[bool, typer.Option(help="Do not wait for the blocks' slots (a rehearsal).")] = False,
    ui: Annotated[
        bool, typer.Option("--ui", help="Serve a page that shows both targets side by side; its address is printed.")
    ] = False,
) -> None:
    """Execute the plan's remaining blocks; resumes where the last run stopped, ends early once the answer is settled."""
    workspace = find()
    trust.for_work(workspace, trust.measured(workspace), profiles=True)
    with Progress() as progress, beside(workspace, progress.say) if ui else nullcontext():
        tally = pipeline.run(workspace, progress, now=now)
    spared = f", {tally.not_needed} not needed: the answer is settled" if tally.not_needed else ""
    print(f"{tally.blocks_valid} blocks valid, {tally.blocks_given_up} given up, {tally.blocks_left} left{spared}")
    if tally.blocks_given_up:
        raise typer.Exit(int(Exit.INVALID))
