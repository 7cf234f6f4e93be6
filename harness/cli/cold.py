"""``pilot cold TARGET``: no warm instance is left when it returns."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from harness.local import control
from harness.local.registry import Registry
from harness.platforms.control import runtime_of
from harness.workspace import find, trust


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cold")(cold)


def cold(
    target: Annotated[
        str, typer.Argument(help="An embedded target that is up, or a declared one with a control plane.")
    ],
) -> None:
    """Make a target cold and print how, as JSON; sends it no request."""
    workspace = find()
    trust.for_work(workspace, [target])
    named = workspace.target(target)
    if named.embedded:
        made = control.call(control.entry_of(Registry(workspace.state), target), "POST", "/cold")
    else:
        made = asdict(runtime_of(named, workspace.root, named.base_url or "").make_cold())
    print(json.dumps({"target": target, **made}))
