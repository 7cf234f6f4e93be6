"""The evidence: one pilot of its own, sealed, run and kept."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from harness import pipeline
from harness.campaign.progress import Progress, duration
from harness.errors import Refused
from harness.workspace import Workspace, open_workspace

WORKSPACE = Path(__file__).parent / "workspace"


def prepared(folder: Path) -> Workspace:
    """A new workspace with its corpus built and its plan sealed; nothing is measured yet."""
    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} is not empty", "name a new folder")
    shutil.copytree(WORKSPACE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    workspace = open_workspace(folder)
    workspace.corpus.ensure()
    planned = pipeline.plan(workspace, seal=True)
    print(f"{planned.plan.requests} requests, {duration(planned.plan.expected_s)}")
    return workspace


def captured(folder: Path) -> None:
    """Every block of the sealed plan; may be called again where it was stopped."""
    began = time.monotonic()
    workspace = open_workspace(folder)
    with Progress() as progress:
        tally = pipeline.run(workspace, progress, now=True)
    print(f"{tally.blocks_valid} blocks valid, {tally.blocks_given_up} given up, {duration(time.monotonic() - began)}")
