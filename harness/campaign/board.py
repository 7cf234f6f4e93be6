"""``pilot status``: the fourteen days at a glance; what is done, what is missing, what comes next."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.campaign.limits import spent_in
from harness.domain.plan import Block, Plan
from harness.errors import Refused
from harness.evidence.early_end import blocks_left_out
from harness.evidence.store import Store
from harness.workspace import Workspace

COLLECT, DECIDE = "pilot collect", "pilot report"
DONE, NOT_NEEDED = "done", "not needed"


@dataclass(frozen=True)
class BlockLine:
    """One block: its slot, and how far it is."""

    number: int
    day: int
    day_part: str
    order: str
    not_before: str
    state: str  # done, invalid, begun, due, not needed
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
    swept: tuple[str, ...]  # of each target that declares settings, how far its sweep is
    blocks: tuple[BlockLine, ...]
    uncollected: int
    spent_usd: str
    budget_usd: str
    next_command: str
    settled: str | None = None  # at which look, and why the blocks that are left are not needed


def board(workspace: Workspace, store: Store) -> Board:
    """The state as the evidence has it."""
    plan, seal, journal = store.plan(), store.seal(), store.journal()
    checked = any(entry["event"] == "contract checked" for entry in journal)
    lines = tuple(_line(store, unit) for unit in plan.units) if plan else ()
    valid = [line.number for line in lines if line.state == DONE]
    ended = blocks_left_out(journal, valid)
    lines = tuple(replace(x, state=NOT_NEEDED) if ended and x.number in ended.not_needed else x for x in lines)
    uncollected = _uncollected(store, plan) if plan else 0
    return Board(
        question=workspace.config.pilot.question,
        planned=plan is not None,
        sealed=seal["digest"] if seal else None,
        calibrated=_calibrated(store),
        contract_checked=checked,
        swept=tuple(words for name in _pair(workspace) if (words := _swept(workspace, name))),
        blocks=lines,
        uncollected=uncollected,
        spent_usd=f"{spent_in(workspace.evidence):.2f}",
        budget_usd=str(workspace.config.limits.budget_usd),
        next_command=_next(plan, seal is not None, lines, uncollected),
        settled=str(ended) if ended else None,
    )


def _pair(workspace: Workspace) -> tuple[str, str]:
    return workspace.config.pilot.baseline, workspace.config.pilot.candidate


def _swept(workspace: Workspace, name: str) -> str | None:
    try:
        sweep = workspace.sweep(name)
    except Refused as error:
        return f"{name}: {str(error).splitlines()[0]}"
    if sweep is None:
        return None
    store = Store(workspace.evidence).sweep(name, sweep.digest)
    plan = store.plan()
    if plan is None:
        return f"{name}: {len(sweep.settings)} declared, not tried: pilot sweep"
    valid = sum(store.valid_attempt(block) is not None for block in plan.blocks)
    return f"{name}: {len(sweep.settings)} tried in {valid} of {len(plan.blocks)} rounds"


def _calibrated(store: Store) -> str | None:
    said = store.calibration()
    if said is None:
        return None
    return f"{said['measured_utc']}, {'every check passed' if said['passed'] else 'not every check passed'}"


def _line(store: Store, block: Block) -> BlockLine:
    attempts = store.attempts(block.number)
    valid = store.valid_attempt(block)
    records = store.records(block, valid if valid is not None else attempts[-1]) if attempts else []
    ledgers = [r.ledger for r in records if r.ledger]
    if valid is not None:
        state = DONE
    elif any(not r.valid and r.ledger for r in records):
        state = "invalid"
    else:
        state = "begun" if attempts else "due"
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


def _uncollected(store: Store, plan: Plan) -> int:
    return sum(
        1
        for record in store.all_records(plan)
        if record.ledger is not None and not any((record.path / "readings").glob("*.json"))
    )


def _next(plan: Plan | None, sealed: bool, lines: tuple[BlockLine, ...], uncollected: int) -> str:  # noqa: FBT001
    if plan is None or not sealed:
        return "pilot plan --seal"
    if uncollected:
        return COLLECT
    return DECIDE if all(line.state in (DONE, NOT_NEEDED) for line in lines) else "pilot run"
