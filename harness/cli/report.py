"""``pilot report``: render the decision report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness import pipeline
from harness.campaign.progress import Progress
from harness.cli.decide import line
from harness.cli.output import folder_for
from harness.errors import Refused
from harness.report.pdf import print_pdf
from harness.workspace import find, trust


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the report; default reports/rendered.")
    ] = None,
    compare: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="Earlier report of this pilot: its folder or decision.json, its workspace, or a folder of such; repeatable.",
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Print one table as CSV and write nothing; the report shows each name."),
    ] = None,
    *,
    predict: Annotated[
        bool, typer.Option("--predict/--no-predict", help="Predict what happens at your traffic; takes some seconds.")
    ] = True,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write report.pdf too; needs an installed Chromium.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="With --pdf: print what is folded, too.")] = False,
) -> None:
    """Render HTML, Markdown, decision record, figures and tables; the same evidence gives the same bytes."""
    workspace = find()
    trust.for_work(workspace, page=True)
    if everything and not pdf:
        raise Refused(
            "--all requires --pdf", "in a browser, the button Open all or ?all in the address opens everything"
        )
    alone = {"--out": out, "--pdf": pdf}
    if table is not None and (said := [name for name, value in alone.items() if value]):
        raise Refused(f"--table only prints; it cannot be combined with {', '.join(said)}", "give one or the other")
    if table is None:
        folder_for("--out" if out else "the report's folder", out or workspace.rendered)
    if table is not None:
        with Progress() as progress:
            found = pipeline.report_table(workspace, table, progress, earlier=compare or ())
        print(found, end="")
        return
    with Progress() as progress:
        outcome, path = pipeline.report(
            workspace, out or workspace.rendered, compare or (), progress if predict else None
        )
    print(line(outcome))
    print(path)
    if pdf:
        print(print_pdf(path, everything=everything))
