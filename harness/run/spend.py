"""What a pilot has spent: by its journal, by the digests beside its runs where the journal lacks a run, else the worst case.

So the budget never grows because a file is gone.
"""

from __future__ import annotations

from decimal import Decimal

from harness.campaign.limits import costs
from harness.domain.target import Target
from harness.errors import PilotError
from harness.evidence import records
from harness.evidence.digests import broken_at
from harness.evidence.events import BEGUN
from harness.evidence.journal import Journal
from harness.evidence.store import Store
from harness.run.drive import worst_case_usd
from harness.workspace import Workspace


def spent_in(workspace: Workspace) -> Decimal:
    """By the campaign, every sweep before it and every canary: they share one budget."""
    whole = Store(workspace.evidence)
    return sum((_spent(workspace, store) for store in (whole, *whole.beside)), Decimal(0))


def _spent(workspace: Workspace, store: Store) -> Decimal:
    lines = Journal(store.root).read()
    noted = costs(lines.events)
    beside = {run: Decimal(cost) for run, cost in records.spent(records.read(store.root)).items()}
    if broken_at(lines.events) is not None or lines.wrong:  # what was edited may say less than what was spent
        noted = {run: max(cost, beside.get(run, cost)) for run, cost in noted.items()}
    known = beside | noted
    begun = {(e.get("run"), e.get("attempt")) for e in lines.events if e["event"] == BEGUN}
    return sum(known.values(), _unknown(workspace, store, {*known, *begun}))


def _unknown(workspace: Workspace, store: Store, known: set[tuple[object, object]]) -> Decimal:
    """Runs that are there and that nobody accounts for, each at its worst."""
    targets: dict[str, Target | None] = {}
    plan, out = store.plan(), Decimal(0)
    for unit in plan.units if plan else ():
        assert plan is not None
        for attempt in store.attempts(unit.number):
            for run in unit.runs:
                if (run.id, attempt) in known or not store.run_folder(run, attempt).is_dir():
                    continue
                if (target := _target(workspace, run.target, targets)) is not None:
                    out += worst_case_usd(workspace, plan, target, run)
    return out


def _target(workspace: Workspace, name: str, known: dict[str, Target | None]) -> Target | None:
    """None for a setting of a sweep that target.toml no longer has."""
    if name not in known:
        try:
            known[name] = workspace.target(name)
        except PilotError:
            known[name] = None
    return known[name]
