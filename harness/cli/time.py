"""``pilot time TARGET deploy|rollback -- COMMAND…``: how long it takes, as evidence for the operations criterion."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.campaign.progress import duration
from harness.errors import Refused
from harness.evidence.store import Store
from harness.run.timing import STEPS, timed
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("time")(time)


def time(
    target: Annotated[str, typer.Argument(help="A declared target.")],
    step: Annotated[str, typer.Argument(metavar="deploy|rollback", help="What the command does.")],
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND…", help="Run as it is, without a shell.")],
) -> None:
    """Run a command that deploys a target or takes it back, and write down how long it took; ends with its exit code."""
    workspace = find()
    if step not in STEPS:
        raise Refused(f"no step {step!r}", f"one of: {', '.join(STEPS)}")
    made = timed(Store(workspace.evidence), workspace.target(target).name, step, command)
    print(f"{made.target}: {made.step} took {duration(made.seconds)}, exit code {made.exit_code}")
    if made.exit_code:
        raise typer.Exit(made.exit_code)
