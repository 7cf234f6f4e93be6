"""``pilot status``: the fourteen days at a glance; what is done, what is missing, what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from harness.check.checks import checked
from harness.domain.plan import Block, Plan
from harness.evidence.early_end import EarlyEnd, blocks_left_out
from harness.evidence.store import Store
from harness.run.deployed import until_now_usd
from harness.run.spend import spent_in
from harness.status import way
from harness.status.workloads import WorkloadLine, workload_lines
from harness.workspace import Workspace


class BlockState(StrEnum):
    """How far one block is."""

    DONE = "done"
    INVALID = "invalid"
    BEGUN = "begun"
    GIVEN_UP = "given up"
    DUE = "due"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True)
class BlockLine:
    """One block: its slot, and how far it is."""

    number: int
    day: int
    day_part: str
    order: str
    not_before: str
    state: BlockState
    attempts: int
    failed_requests: int | None
    requests: int | None
    track: str | None = None


@dataclass(frozen=True)
class Board:
    """Everything that ``pilot status`` shows."""

    question: str
    planned: bool
    sealed: str | None
    calibrated: str | None  # when, and whether every check passed; None: not yet
    contract_checked: bool
    steps: tuple[way.WayStep, ...]
    swept: tuple[str, ...]  # of each target that declares settings, how far its sweep is
    blocks: tuple[BlockLine, ...]
    uncollected: int
    spent_usd: str
    budget_usd: str
    next_command: str | None  # None: nothing is left to do
    workloads: tuple[WorkloadLine, ...] = ()
    settled: str | None = None  # at which look, and why the blocks that are left are not needed


def board(workspace: Workspace, store: Store) -> Board:
    """The state as the evidence has it."""
    plan, seal, journal = store.plan(), store.seal(), store.journal()
    lines, ended = block_lines(store, plan, journal, workspace.config.limits.attempts) if plan else ((), None)
    uncollected = _uncollected(workspace, store, plan) if plan else 0
    left = _left(lines, uncollected)
    steps = way.steps(workspace, store, left)
    following = way.following(steps, left)
    return Board(
        question=workspace.config.pilot.question,
        planned=plan is not None,
        sealed=seal["digest"] if seal else None,
        calibrated=way.calibrated(store),
        contract_checked=checked(journal),
        steps=steps,
        swept=tuple(words for words, _ in way.settings_of(workspace, store)),
        blocks=lines,
        uncollected=uncollected,
        spent_usd=f"{spent_in(workspace) + until_now_usd(workspace, store)():.2f}",
        budget_usd=str(workspace.config.limits.budget_usd),
        next_command=following.command if following else None,
        workloads=workload_lines(workspace),
        settled=str(ended) if ended else None,
    )


def block_lines(
    store: Store, plan: Plan, journal: Sequence[Mapping[str, Any]], attempts: int
) -> tuple[tuple[BlockLine, ...], EarlyEnd | None]:
    """Every block and track of the plan, and where the paired ones ended early; ``attempts``: the most that each has."""
    lines = tuple(_line(store, unit, attempts) for unit in plan.units)
    ended = blocks_left_out(journal, [line.number for line in lines if line.state == BlockState.DONE])
    left_out = ended.not_needed if ended else ()
    return tuple(replace(x, state=BlockState.NOT_NEEDED) if x.number in left_out else x for x in lines), ended


def _left(lines: Sequence[BlockLine], uncollected: int) -> way.Left:
    given_up = sum(line.state == BlockState.GIVEN_UP for line in lines)
    measurable = [
        line for line in lines if line.state not in (BlockState.DONE, BlockState.GIVEN_UP, BlockState.NOT_NEEDED)
    ]
    slot = min((line.not_before for line in measurable), default=None)
    needed = sum(line.state != BlockState.NOT_NEEDED for line in lines)
    return way.Left(len(measurable), given_up, needed, uncollected, slot)


def _line(store: Store, block: Block, most: int) -> BlockLine:
    attempts = store.attempts(block.number)
    valid = store.valid_attempt(block)
    records = store.records(block, valid if valid is not None else attempts[-1]) if attempts else []
    ledgers = [r.ledger for r in records if r.ledger]
    if valid is not None:
        state = BlockState.DONE
    elif store.spoilt(block) >= most:
        state = BlockState.GIVEN_UP
    elif any(not r.valid and r.ledger for r in records):
        state = BlockState.INVALID
    else:
        state = BlockState.BEGUN if attempts else BlockState.DUE
    requests = sum(ledger["planned"] for ledger in ledgers) if ledgers else None
    ok = sum(ledger["outcomes"].get("ok", 0) for ledger in ledgers)
    return BlockLine(
        number=block.number,
        day=block.day,
        day_part=block.day_part,
        order=block.order,
        not_before=block.not_before,
        state=state,
        attempts=len(attempts),
        failed_requests=None if requests is None else requests - ok,
        requests=requests,
        track=block.track,
    )


def _uncollected(workspace: Workspace, store: Store, plan: Plan) -> int:
    """Runs that ended and of which a source of their target has not told yet."""
    names = {target.name: target.source_names for target in workspace.measured()}
    return sum(
        record.ledger is not None
        and any(not (record.path / "readings" / f"{name}.json").is_file() for name in names.get(record.target, ()))
        for record in store.all_records(plan)
    )
