"""Which evidence a folder means."""

from __future__ import annotations

from pathlib import Path

from harness.errors import Refused
from harness.evidence.store import PLAN, Store
from harness.workspace import Workspace, find, open_workspace


def found(folder: Path | None) -> tuple[Workspace, Store]:
    """A workspace's campaign, or the store of a race within one; raises Refused for any other folder."""
    if folder is None:
        workspace = find()
        return workspace, Store(workspace.evidence)
    if (folder / "pilot.toml").is_file():
        workspace = open_workspace(folder)
        return workspace, Store(workspace.evidence)
    if (folder / PLAN).is_file():
        return find(folder), Store(folder.resolve())
    raise Refused(
        f"{folder} holds neither pilot.toml nor {PLAN}", "pilot watch DIR: a workspace, or evidence/races/rNN"
    )
