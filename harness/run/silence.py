"""Notices a provider that fails every request: what would be measured next says nothing of the runtimes.

Its runs stay VALID and in the data, for a run is never judged by its target; the campaign
stops before the next block, and goes on once the contract check passes again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.domain.ledger import only_upstream
from harness.domain.plan import Block
from harness.errors import LimitReached
from harness.evidence.events import CHECKED
from harness.evidence.store import RunRecord, Store

EVENT = "provider silent"


def silent(records: Sequence[RunRecord]) -> list[str]:
    """Each run in which the provider failed every request."""
    return [f"{r.profile} on {r.target}" for r in records if only_upstream((r.ledger or {}).get("outcomes") or {})]


def note_silence(store: Store, block: Block, attempt: int) -> str | None:
    """After a block: in words what the provider failed wholly, written down; None where it answered."""
    runs = silent(store.records(block, attempt))
    if not runs:
        return None
    store.note(EVENT, block=block.number, attempt=attempt, runs=runs)
    return f"block {block.number}: the provider failed every request of {' and of '.join(runs)}"


def stopped(words: str, command: str) -> LimitReached:
    """What ends the campaign before its next block."""
    return LimitReached(
        f"{words}; more such runs would say nothing of the runtimes",
        f"see that the provider answers; {command} checks it and goes on with the next block",
    )


def unheard(journal: Sequence[Mapping[str, Any]]) -> bool:
    """Whether it was silent when it was last heard of: the contract is checked again before anything is sent."""
    last = [e["event"] for e in journal if e.get("event") in (EVENT, CHECKED)]
    return bool(last) and last[-1] == EVENT
