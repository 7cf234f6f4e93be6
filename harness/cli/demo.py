"""``pilot demo``: the whole pilot, rehearsed in minutes on this machine."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module, resources
from pathlib import Path
from typing import Annotated

import typer

from harness import aside, pipeline
from harness.calibration.calibrate import BRIEF, USUAL
from harness.campaign.progress import Progress, duration
from harness.cli.decide import line
from harness.cli.output import folder_for
from harness.domain.looks import looks_of
from harness.domain.plan import Block, Plan
from harness.errors import Refused
from harness.workspace import Workspace, open_workspace

FIRST_PAGE_BLOCKS = 2  # as soon as there is something to compare


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the demo's workspace goes.")] = Path(
        ".pilot/demo"
    ),
    *,
    fresh: Annotated[bool, typer.Option(help="Delete an earlier demo in this folder first.")] = True,
    full: Annotated[bool, typer.Option("--full", help="More and longer runs: about half an hour.")] = False,
) -> None:
    """Start two embedded runtimes, check, plan, measure, collect, decide and report."""
    began = time.monotonic()
    workspace = open_workspace(_make(folder.resolve(), fresh=fresh, full=full))
    with Progress() as progress:
        progress.say(f"the report will be at {workspace.rendered / 'report.html'}, from the second block on")
        progress.say("building the corpus from this Python's own documentation")
        with ThreadPoolExecutor(1) as pool:
            building = pool.submit(workspace.corpus.ensure)
            import_module("harness.report.render")  # while a processor is free: the first page need not wait for it
            building.result()
        aside.calibrate(workspace, progress, USUAL if full else BRIEF)
        planned = pipeline.plan(workspace, seal=True)
        made = planned.plan
        progress.say(
            f"plan: {len(made.blocks)} blocks, {made.requests} requests, {duration(made.expected_s)}; "
            f"seal {(planned.seal or '')[:23]}…"
        )
        tally = pipeline.run(workspace, progress, now=True, after_block=_Pages(workspace, made, progress))
        pipeline.collect(workspace, progress)
        progress.say(f"{tally.blocks_valid} blocks valid, {tally.blocks_given_up} INVALID and shown as such")
        outcome, path = pipeline.report(workspace, workspace.rendered, progress=progress)
    print(line(outcome))
    print(f"report: {path}")
    print(f"took {duration(time.monotonic() - began)}; evidence in {workspace.evidence}")


class _Pages:
    """The report anew when there is something to see first, and when there are enough blocks for verdicts."""

    def __init__(self, workspace: Workspace, plan: Plan, progress: Progress) -> None:
        self._workspace = workspace
        self._progress = progress
        self._at = {FIRST_PAGE_BLOCKS, looks_of(len(plan.blocks))[0]}
        self._valid = 0

    def __call__(self, block: Block) -> None:
        if block.track is not None:
            return
        self._valid += 1
        if self._valid in self._at:
            outcome, path = pipeline.report(self._workspace, self._workspace.rendered)
            told = line(outcome) if outcome.findings.look.number else "a first page, not yet a verdict."
            self._progress.say(f"{self._valid} blocks: {told} {path}")


def _make(folder: Path, *, fresh: bool, full: bool) -> Path:
    """The demo's workspace, copied from the package; an earlier demo is replaced, anything else is left alone."""
    marker = folder_for("", folder) / ".pilot-demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        raise Refused(f"{folder} is not empty and not a demo", "name another folder")
    if folder.exists() and fresh:
        shutil.rmtree(folder)
    if not marker.exists():
        with resources.as_file(resources.files("harness.demo")) as source:
            for layer in ("workspace", "full")[: 1 + full]:
                shutil.copytree(
                    source / layer, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
                )
        marker.write_text("pilot demo made this folder and may replace it\n", encoding="utf-8")
    return folder
