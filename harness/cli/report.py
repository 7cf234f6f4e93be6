"""``pilot report``: render the decision report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness import pipeline
from harness.cli.decide import line
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the report; default reports/rendered.")
    ] = None,
) -> None:
    """Render HTML, Markdown, figures and tables from the evidence; the same evidence gives the same bytes."""
    workspace = find()
    outcome, path = pipeline.report(workspace, out or workspace.rendered)
    print(line(outcome))
    print(path)
