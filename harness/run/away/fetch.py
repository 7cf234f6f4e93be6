"""Evidence from the machine that measured it: taken over only where it goes on from what is here."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.errors import PilotError, Refused
from harness.evidence.store import Store
from harness.platforms.elsewhere import Elsewhere
from harness.workspace import Workspace


def fetch(workspace: Workspace, place: Elsewhere) -> int:
    """Number of files, 0 where all of it is here.

    Raises Refused where the evidence here is not the beginning of what comes, PilotError where that is damaged.
    """
    there = workspace.state.parent / "fetched"
    shutil.rmtree(there, ignore_errors=True)
    there.mkdir(parents=True)
    try:
        count = place.fetch(there)
        if not _goes_on(workspace, there):
            return 0
        shutil.copytree(there, workspace.evidence, dirs_exist_ok=True)
    finally:
        shutil.rmtree(there, ignore_errors=True)
    return count


def _goes_on(workspace: Workspace, there: Path) -> bool:
    """Whether it is more than what is here, which may have been collected further since it was fetched."""
    here, come = Store(workspace.evidence).journal(), Store(there).journal()
    if len(here) > len(come) > 0 and here[: len(come)] == come:
        return False
    if come[: len(here)] != here:
        raise Refused(
            f"{workspace.evidence} has events that the machine does not know, so both were measured: nothing was taken over",
            "keep one of them: move this folder away, then fetch again",
        )
    if problems := list(Store(there).integrity().problems()):
        raise PilotError(f"what was fetched is damaged: {problems[0]}", "fetch again; the machine still has it")
    return True
