"""Sealing a plan: freely, and again, until the first request is measured; then never."""

from __future__ import annotations

from dataclasses import dataclass

from harness.domain.plan import Plan, Purpose
from harness.domain.reasons.seal import Change
from harness.errors import Refused
from harness.evidence.events import SEALED
from harness.evidence.store import PLAN, SEAL, Store
from harness.planning.changes import changes_since, has_measured, last_seal
from harness.planning.seal import Seal, seal_of
from harness.words import all_said
from harness.workspace import Workspace

STARTED = "measuring has begun, so the criteria stand"


@dataclass(frozen=True)
class Planned:
    """A plan, the seal that stands, and what differs from the seal that it replaced or that stands."""

    plan: Plan
    seal: str | None
    changes: tuple[Change, ...] = ()
    replaced: str | None = None  # digest of the seal that was replaced
    lost: bool = False  # that seal's file was gone, so what differs from it cannot be said
    asked_again: bool = False  # what was sealed is sealed as it was
    stands: bool = False  # requests were measured under it: it is never sealed again


def standing(store: Store) -> tuple[Plan, str] | None:
    """The sealed plan, None where nothing is sealed; raises Refused where it was measured under and part of it is gone."""
    plan, seal = store.plan(), store.seal()
    if plan is not None and seal is not None:
        return plan, str(seal["digest"])
    if has_measured(store):
        gone = [name for name, there in (("plan.json", plan), ("seal.json", seal)) if there is None]
        sealed = last_seal(store.journal())
        was = f"; the journal says that {sealed[1]} was sealed" if sealed else ""
        raise Refused(
            f"{' and '.join(str(store.root / name) for name in gone)} missing, and requests were measured{was}",
            "restore it from a backup; new criteria need a new workspace: pilot init DIR",
        )
    return None


def judgeable(plan: Plan, store: Store) -> Plan:
    """As it is; raises Refused for a race's, wherever it lies."""
    if plan.purpose is not Purpose.EVIDENCE:
        raise Refused(
            f"{store.root / PLAN} is of a race: both targets were driven at once, so nothing of it is evidence",
            "pilot watch shows it; to measure, restore the sealed plan or begin a new workspace",
        )
    return plan


def kept(workspace: Workspace, store: Store, *, seal: bool) -> Planned | None:
    """The sealed plan where it stays as it is; None where one may be drawn. Raises Refused for a change that comes too late."""
    there = standing(store)
    if there is None:
        return None
    plan, digest = there
    changes = changes_since(workspace, plan, store)
    begun = has_measured(store)
    if seal and begun and changes:
        raise Refused(
            "\n  - ".join([f"{STARTED}; these differ from the seal {digest}:", *all_said(changes)]),
            "put them back, or keep them as a doubt in the report; other criteria need a new workspace: pilot init DIR",
        )
    if begun or not seal:
        return Planned(plan, digest, changes, asked_again=seal, stands=begun)
    return None


def unchanged(workspace: Workspace, plan: Plan, store: Store) -> None:
    """Raises Refused for criteria that differ from the seal while sealing them again is still free."""
    changes = () if has_measured(store) else changes_since(workspace, plan, store)
    if changes:
        raise Refused(
            "\n  - ".join(["these differ from the seal, and nothing is measured yet:", *all_said(changes)]),
            "run pilot plan --seal again: until the first measured request that costs nothing",
        )


def write(workspace: Workspace, store: Store, made: Plan) -> Planned:
    """Seal ``made``, and say what differs from the seal before it; what is sealed already is left as it is."""
    drawn = seal_of(workspace, made)
    before, earlier = store.seal(), last_seal(store.journal())
    changes = Seal(before["digest"], before["content"]).changes(drawn) if before else ()
    replaced = before["digest"] if before else earlier[1] if earlier else None
    existing = store.plan()
    if before and drawn.digest == before["digest"] and existing is not None and _slots(existing) == _slots(made):
        return Planned(existing, drawn.digest, asked_again=True)
    store.write_plan(made)
    store.write_seal(drawn.digest, dict(drawn.content))
    files = store.digests(PLAN, SEAL)
    store.note(
        SEALED,
        digest=drawn.digest,
        files=files,
        **({"replaces": replaced, "changes": all_said(changes)} if replaced else {}),
    )
    lost = before is None and replaced is not None
    return Planned(made, drawn.digest, changes, replaced, lost)


def _slots(plan: Plan) -> list[tuple[int, str, int]]:
    return [(unit.number, unit.day_part, unit.day) for unit in plan.units]
