"""What differs from the seal: free to be sealed again before the first measured request, and a doubt after it.

A change after it is noted with its time and who was at the keyboard when a command met it first.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.domain.plan import Plan
from harness.domain.reasons.seal import Change, How, MetAt
from harness.errors import Exit
from harness.evidence.events import BEGUN, SEALED
from harness.evidence.store import Store
from harness.planning.seal import Seal, narrowed, seal_of
from harness.words import all_said, said
from harness.workspace import Workspace

EVENT = "changed since the seal"  # of the journal
Journal = Sequence[Mapping[str, Any]]


def has_measured(store: Store) -> bool:
    """Whether any request of the plan may have been sent: a run that was refused at its start sent none."""
    return first_run(store.journal()) is not None or next(store.root.glob("blocks/*/*/*/run.json"), None) is not None


def first_run(journal: Journal) -> int | None:
    """Index of the journal's first run that was not refused before it sent anything; None where there is none."""
    refused = {(e["run"], e["attempt"]) for e in journal if e.get("exit_code") == Exit.REFUSED}
    begun = (k for k, e in enumerate(journal) if e["event"] == BEGUN and (e["run"], e["attempt"]) not in refused)
    return next(begun, None)


def last_seal(journal: Journal) -> tuple[int, str] | None:
    """Index and digest of the journal's last seal."""
    found = [(k, str(e["digest"])) for k, e in enumerate(journal) if e["event"] == SEALED]
    return found[-1] if found else None


def changes_since(workspace: Workspace, plan: Plan, store: Store) -> tuple[Change, ...]:
    """Field by field, what differs from the seal now; nothing without a seal."""
    written = store.seal()
    if written is None:
        return ()
    sealed = Seal(written["digest"], written["content"])
    return sealed.changes(narrowed(seal_of(workspace, plan), sealed, workspace))


def note_changes(workspace: Workspace, plan: Plan, store: Store) -> None:
    """Append what differs from the seal and was not noted before, once anything was measured under it."""
    if not has_measured(store):
        return
    known = met(store.journal())
    new = [change for change in changes_since(workspace, plan, store) if known.of(change) is None]
    if new:
        store.note(EVENT, changes=all_said(new), changed=[asdict(change) for change in new], user=_user())


@dataclass(frozen=True)
class Met:
    """When and by whom changes were met first; ``words``: of a journal from before they were written as values."""

    changes: Mapping[Change, MetAt]
    words: Mapping[str, MetAt]

    def of(self, change: Change) -> MetAt | None:
        return self.changes.get(change) or (self.words.get(said(change)) if self.words else None)


def met(journal: Journal) -> Met:
    """From the notes of every command that met one."""
    changes: dict[Change, MetAt] = {}
    words: dict[str, MetAt] = {}
    for line in journal:
        if line["event"] != EVENT:
            continue
        at = MetAt(line["utc"][:19], line.get("user", "somebody"))
        if "changed" not in line:
            words = dict.fromkeys(line["changes"], at) | words
        for one in line.get("changed", ()):
            changes.setdefault(Change(**{**one, "how": How(one["how"])}), at)
    return Met(changes, words)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "a user without a name"
