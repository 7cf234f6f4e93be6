"""``pilot cold TARGET``: no warm instance is left when it returns."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from harness.local import control
from harness.local.registry import Registry
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cold")(cold)


def cold(target: Annotated[str, typer.Argument(help="A target that is up.")]) -> None:
    """Make a target cold and print the method as JSON; send nothing to it before the probe."""
    entry = control.entry_of(Registry(find().state), target)
    print(json.dumps({"target": target, **control.call(entry, "POST", "/cold")}))
