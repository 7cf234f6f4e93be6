"""Runs: every one that was made, valid or not, and which of them the verdicts rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.domain.columns import Column, flags, floats, instants, ints, texts, words
from harness.domain.plan import Block, Plan
from harness.domain.plan import Run as Planned
from harness.domain.sample import Outcome
from harness.evidence.schema import LEDGER
from harness.evidence.store import RunRecord, Store
from harness.words import all_said

# by which the rows of one run are told from another's, in every frame
KEYS: tuple[Column, ...] = (
    *ints(block="number of the block, the unit of replication", attempt="attempt of the block, from 1"),
    *words(profile="load profile", target="folder of the target under targets/"),
    *ints(position="from 1: which place the target had among those that got the schedule"),
)
_OUTCOMES = ints(**{f"{o.value}_requests": f"arrivals that ended as `{o.value}`" for o in Outcome})
_TOLD = {
    "planned",
    "outcomes",
    "jobs",
    "valid",
    "reasons",
    "reason_kinds",
    "warnings",
    "warning_kinds",
}  # or left to the file
_FIGURES = tuple(c for c in LEDGER if c.name not in _TOLD)
RUNS: tuple[Column, ...] = (
    *KEYS,
    *words(
        order="AB or BA; A is the baseline",
        track="experiment that this unit repeats by itself; NA: a paired block",
    ),
    *flags(
        used="the verdicts rest on this run: every run of its block's attempt is valid",
        valid="the generator and its machine did their part in this run",
    ),
    *texts(
        invalid_reason="why it is not valid, a run that did not end among them; NA: it is",
        invalid_reason_kind="the kind of each of these; `as_recorded`: an older version wrote them",
        warnings="what came near a limit",
    ),
    *instants(started_utc="wall time of the start"),
    *floats(elapsed_s="duration to the last answer"),
    *ints(planned_requests="arrivals of the schedule; the sum of all outcomes"),
    *_OUTCOMES,
    *_FIGURES,
    *ints(seed="seed of the schedule"),
    *texts(
        schedule_digest="digest of every arrival; equal digests are equal schedules",
        ledger_absent="why there are no figures of the ledger; NA: there are",
        folder="the run's folder, below the evidence",
    ),
)


@dataclass(frozen=True)
class Made:
    """One run that was made, with its place in the plan."""

    planned: Planned
    unit: Block
    record: RunRecord
    used: bool

    @property
    def key(self) -> tuple[Any, ...]:
        return self.record.block, self.record.attempt, self.record.profile, self.record.target, self.planned.position


def made(store: Store, plan: Plan, target: str | None = None, profile: str | None = None) -> Iterator[Made]:
    """Every run of every attempt in the order of the plan; only JSON files are read."""
    for unit in plan.units:
        best = store.valid_attempt(unit)
        for attempt in store.attempts(unit.number):
            for run in unit.runs:
                if target not in (None, run.target) or profile not in (None, run.profile):
                    continue
                record = store.record(run, attempt)
                if record is not None:
                    yield Made(run, unit, record, attempt == best)


def rows(store: Store, plan: Plan) -> list[tuple[Any, ...]]:
    """In the order of ``RUNS``."""
    return [_row(store, one) for one in made(store, plan)]


def _reasons(record: RunRecord) -> tuple[Sequence[str] | None, Sequence[str] | None]:
    """Why it is not valid, and of which kinds."""
    reasons = () if record.valid else record.reasons
    return all_said(reasons) or None, [reason.kind for reason in reasons] or None


def _row(store: Store, one: Made) -> tuple[Any, ...]:
    record, run, ledger = one.record, one.record.run or {}, one.record.ledger
    counts = (ledger or {}).get("outcomes", {})
    return (
        *one.key,
        one.unit.order,
        one.unit.track,
        one.used,
        record.valid,
        *_reasons(record),
        (ledger or {}).get("warnings"),
        run.get("started_utc"),
        run.get("elapsed_s"),
        (ledger or {}).get("planned"),
        # an outcome that the ledger does not name did not occur; without a ledger nothing is known
        *(counts.get(o.value, 0) if ledger is not None else None for o in Outcome),
        *((ledger or {}).get(c.name) for c in _FIGURES),
        one.planned.seed,
        run.get("schedule_digest"),
        None if ledger is not None else "the run did not end",
        str(record.path.relative_to(store.root)),
    )
