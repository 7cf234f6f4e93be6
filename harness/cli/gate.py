"""``pilot gate [TARGET]``: one target judged, for a job that passes or fails by it."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.decide import decide
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("gate")(gate)


def gate(
    target: Annotated[
        str | None, typer.Argument(metavar="TARGET", help="One of the two targets; default: the candidate.")
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the decision as JSON; gate says what failed and what is open.")
    ] = False,
    expect_seal: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="Fail unless the seal has this digest.")
    ] = None,
) -> None:
    """Judge one target, as pilot decide --gate: exit 5 if it fails an SLO or is worse than the other, 6 if that is open, else 0."""
    decide(as_json=as_json, expect_seal=expect_seal, gate=target or find().config.pilot.candidate)
