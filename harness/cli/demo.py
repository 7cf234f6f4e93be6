"""``pilot demo``: the whole pilot, rehearsed in minutes on this machine."""

from __future__ import annotations

import shutil
import time
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from harness import pipeline
from harness.campaign.progress import Progress, duration
from harness.cli.decide import line
from harness.errors import Refused
from harness.workspace import open_workspace


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the demo's workspace goes.")] = Path(
        ".pilot/demo"
    ),
    *,
    fresh: Annotated[bool, typer.Option(help="Throw an earlier demo in this folder away first.")] = True,
) -> None:
    """Start two embedded runtimes, check, plan, measure, collect, decide and report."""
    began = time.monotonic()
    workspace = open_workspace(_make(folder.resolve(), fresh=fresh))
    with Progress() as progress:
        progress.say("building the corpus from this Python's own documentation")
        workspace.corpus.ensure()
        progress.say("calibrating the load generator against known laws (about 85 s)")
        pipeline.calibrate(workspace, progress)
        planned = pipeline.plan(workspace, seal=True)
        made = planned.plan
        progress.say(
            f"plan: {len(made.blocks)} blocks, {made.requests} requests, {duration(made.expected_s)}; "
            f"seal {(planned.seal or '')[:23]}…"
        )
        tally = pipeline.run(workspace, progress, now=True)
        pipeline.collect(workspace, progress)
        progress.say(f"{tally.blocks_valid} blocks valid, {tally.blocks_given_up} INVALID and shown as such")
    outcome, path = pipeline.report(workspace, workspace.rendered)
    print(line(outcome))
    print(f"report: {path}")
    print(f"took {duration(time.monotonic() - began)}; evidence in {workspace.evidence}")


def _make(folder: Path, *, fresh: bool) -> Path:
    """The demo's workspace, copied from the package; an earlier demo is replaced, anything else is left alone."""
    marker = folder / ".pilot-demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        raise Refused(f"{folder} holds something that is no demo", "name another folder")
    if folder.exists() and fresh:
        shutil.rmtree(folder)
    if not marker.exists():
        with resources.as_file(resources.files("harness.demo") / "workspace") as source:
            shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        marker.write_text("pilot demo made this folder and may replace it\n", encoding="utf-8")
    return folder
