"""``pilot time TARGET deploy|rollback -- COMMAND…``: how long it takes, as evidence for the operations criterion."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.campaign.progress import duration
from harness.errors import Refused
from harness.evidence.store import Store
from harness.run.away.away import at_home
from harness.run.timing import STEPS, timed
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("time")(time)


def time(
    target: Annotated[str, typer.Argument(help="A declared target.")],
    step: Annotated[str, typer.Argument(metavar="deploy|rollback", help="What the command does.")],
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND…", help="Run as given, without a shell.")],
) -> None:
    """Run a command that deploys a target or rolls it back, and record how long it took; exits with its exit code."""
    workspace = find()
    if step not in STEPS:
        raise Refused(f"unknown step {step!r}", f"choose one of: {', '.join(STEPS)}")
    at_home(workspace)
    made = timed(Store(workspace.evidence), workspace.target(target).name, step, command)
    print(f"{made.target}: {made.step} took {duration(made.seconds)}, exit code {made.exit_code}")
    if made.exit_code:
        raise typer.Exit(made.exit_code)
