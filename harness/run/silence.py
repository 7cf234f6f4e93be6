"""Notices that more of the same would say nothing: a provider that fails every request, a target that answers nearly none.

Such runs stay VALID and in the data, for a run is never judged by its target; the campaign
stops before the next block, never inside one, and goes on once the contract check passes again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.domain.ledger import only_upstream, unanswered
from harness.domain.plan import Block, Plan
from harness.errors import LimitReached
from harness.evidence.events import CHECKED, ENDED
from harness.evidence.store import RunRecord, Store

EVENT, UNANSWERED = "provider silent", "nothing answered"
MOST_UNANSWERED = 3  # runs of one target in a row, since the contract was last checked


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


def note_unanswered(store: Store, plan: Plan) -> Unanswered | None:
    """After an attempt at a block: a target whose last runs were (nearly) all unanswered, written down; None where none is."""
    attempted = {run.id: unit for unit in plan.units for run in unit.runs}
    for target, runs in _in_a_row(store, plan).items():
        if len(runs) >= MOST_UNANSWERED:
            store.note(UNANSWERED, target=target, runs=[run for run, _ in runs])
            counted = sum(store.valid_attempt(attempted[run]) == attempt for run, attempt in runs)
            return Unanswered(target, len(runs), counted)
    return None


def _in_a_row(store: Store, plan: Plan) -> dict[str, list[tuple[str, int]]]:
    """Of each target, the unanswered runs with which it ended so far and their attempts, since the contract was last checked."""
    journal = store.journal()
    checks = [number for number, e in enumerate(journal) if e.get("event") in (CHECKED, UNANSWERED)]
    known = {run.id: run for run in plan.runs}
    out: dict[str, list[tuple[str, int]]] = {}
    for event in journal[checks[-1] + 1 if checks else 0 :]:
        run, attempt = known.get(str(event.get("run"))), event.get("attempt")
        if event.get("event") != ENDED or run is None or not isinstance(attempt, int):
            continue
        record = store.record(run, attempt)
        outcomes = ((record.ledger if record else None) or {}).get("outcomes") or {}
        if unanswered(outcomes):
            out.setdefault(run.target, []).append((run.id, attempt))
        elif outcomes:
            out[run.target] = []
    return out


@dataclass(frozen=True)
class Unanswered:
    """A target that answered (nearly) nothing in so many runs in a row; ``counted``: of blocks that are VALID."""

    target: str
    runs: int
    counted: int

    @property
    def words(self) -> str:
        return f"{self.target} answered (nearly) nothing in {self.runs} runs in a row"

    @property
    def _kept(self) -> str:
        if self.counted == self.runs:
            return "these runs are kept and count"
        if not self.counted:
            return "these runs are kept, and do not count, for their blocks are INVALID"
        return f"these runs are kept, and {self.counted} count; the blocks of the others are INVALID"

    def stopped(self, command: str) -> LimitReached:
        """What ends the campaign before its next block."""
        return LimitReached(
            f"{self.words}; {self._kept}; more of them would say nothing new",
            f"pilot doctor {self.target} and its log say why; {command} checks the contract and goes on",
        )


def stopped(words: str, command: str) -> LimitReached:
    """What ends the campaign before its next block."""
    return LimitReached(
        f"{words}; more such runs would say nothing of the runtimes",
        f"see that the provider answers; {command} checks it and goes on with the next block",
    )


def unheard(journal: Sequence[Mapping[str, Any]]) -> bool:
    """Whether nothing was heard when somebody last listened: the contract is checked again before anything is sent."""
    last = [e["event"] for e in journal if e.get("event") in (EVENT, UNANSWERED, CHECKED)]
    return bool(last) and last[-1] != CHECKED
