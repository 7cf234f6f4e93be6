"""``pilot down [TARGET]``: stop what ``pilot up`` started."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.local import control
from harness.local.registry import Registry
from harness.run.standing import still_billing
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("down")(down)


def down(
    target: Annotated[str | None, typer.Argument(help="Stop only this target; default: all.")] = None,
) -> None:
    """Stop embedded targets and wait until their processes are gone; then list the cloud targets that still bill."""
    workspace = find()
    known = Registry(workspace.state)
    entries = [control.entry_of(known, target)] if target else known.all()
    for entry in entries:
        if known.get(entry.target):  # one supervisor may run several
            control.stop(known, entry)
        print(f"{entry.target}: down")
    if not entries:
        print("nothing is up")
    for line in still_billing(workspace, target):
        print(line)
