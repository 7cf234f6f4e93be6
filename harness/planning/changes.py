"""Changes since the seal, noted with their time and who was at the keyboard when a command met them first."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from typing import Any

from harness.domain.plan import Plan
from harness.evidence.store import Store
from harness.planning.seal import Seal, seal_of
from harness.workspace import Workspace

EVENT = "changed since the seal"


def note_changes(workspace: Workspace, plan: Plan, store: Store) -> None:
    """Append what differs from the seal and was not noted before; nothing without a seal."""
    written = store.seal()
    if written is None:
        return
    sealed = Seal(written["digest"], written["content"], written.get("sealed_utc"))
    known = met(store.journal())
    new = [change for change in sealed.changes(seal_of(workspace, plan)) if change not in known]
    if new:
        store.note(EVENT, changes=new, user=_user())


def met(journal: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """When and by whom each change was met, by its words."""
    return {
        change: f"met at {line['utc'][:19]} UTC by {line.get('user', 'somebody')}"
        for line in reversed(journal)
        if line["event"] == EVENT
        for change in line["changes"]
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "a user without a name"
