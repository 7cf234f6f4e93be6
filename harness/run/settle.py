"""What a run has cost and left, written to the journal once it has ended, however it did."""

from __future__ import annotations

import signal
import time
from collections.abc import Collection, Iterator
from decimal import Decimal
from pathlib import Path

from harness.campaign.metering import metered
from harness.domain.plan import Plan, Run
from harness.domain.reasons.fault import KilledBy, StoppedEarly
from harness.domain.target import Target
from harness.errors import BadFile
from harness.evidence.digests import digests_of
from harness.evidence.events import BEGUN, ENDED
from harness.evidence.files import dump, read_object, write_text
from harness.evidence.last_word import last_word
from harness.evidence.run_folder import ledger_json
from harness.evidence.store import Store
from harness.words import said

CLOSING_S = 10.0  # a run whose campaign was killed sees that within a second, and then closes its ledger
POLL_S = 0.2


def account(folder: Path, code: int | None = None) -> None:
    """Give a run that was killed the ledger that it could not write; one that has a ledger keeps it."""
    if (folder / "ledger.json").exists():
        return
    killed_by = _named(-code) if code is not None and code < 0 else None
    folder.mkdir(parents=True, exist_ok=True)
    ledger = last_word(folder, [KilledBy(killed_by)])
    write_text(folder / "ledger.json", dump(ledger_json(ledger)))


def explain(folder: Path, words: str) -> None:
    """Say in a run's ledger what stopped it, where it knows only the signal by which its campaign did."""
    path = folder / "ledger.json"
    try:
        ledger = read_object(path)
    except BadFile:
        return
    if ledger.get("stop_signal") == signal.SIGTERM.name:
        kinds, texts = ledger.get("reason_kinds") or (), ledger.get("reasons") or ()
        stopped = StoppedEarly(words)
        reasons = [said(stopped) if k == stopped.kind else str(t) for k, t in zip(kinds, texts, strict=False)]
        write_text(path, dump({**ledger, "stopped_by": words, "reasons": reasons}))


def _named(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def settle(
    store: Store, target: Target, run: Run, attempt: int, worst: Decimal, *, code: int | None, note: str | None
) -> Decimal:
    """What its samples say; its worst case where they do not account for every arrival."""
    folder = store.run_folder(run, attempt)
    meter = metered(target, folder)
    record = store.record(run, attempt)
    elapsed_s = (record.run or {}).get("elapsed_s") if record else None
    known = meter is not None and elapsed_s is not None and not (record and record.lost)
    cost = meter.cost_usd(elapsed_s) if known and meter and elapsed_s else worst
    files = {str(folder.relative_to(store.root)): digests_of(folder)}
    said = {"files": files, "exit_code": code, "cost_usd": str(cost), "reserved_usd": str(worst), "note": note}
    store.note(ENDED, run=run.id, attempt=attempt, basis="samples" if known else "worst case", **said)
    return cost


def unsettled(plan: Plan, store: Store) -> Iterator[tuple[Run, int]]:
    """Runs that began, or whose folder is there, and whose end is not in the journal: it, or their campaign, was lost."""
    journal = store.journal()
    ended = {(e.get("run"), e.get("attempt")) for e in journal if e.get("event") == ENDED}
    begun = {(e.get("run"), e.get("attempt")) for e in journal if e.get("event") == BEGUN}
    for unit in plan.units:
        there = store.attempts(unit.number)
        for run in unit.runs:
            tried = {attempt for name, attempt in begun if name == run.id and isinstance(attempt, int)}
            for attempt in sorted(tried | {a for a in there if store.run_folder(run, a).is_dir()}):
                if (run.id, attempt) not in ended and not _older(run, attempt, ended):
                    yield run, attempt


def _older(run: Run, attempt: int, ended: Collection[tuple[object, object]]) -> bool:
    """Release 0.1.0 named a run without its position."""
    return (f"b{run.block:02d}-{run.profile}-{run.target}", attempt) in ended


def wait_closed(folder: Path, most_s: float = CLOSING_S) -> None:
    """Until a run whose campaign is gone has written its ledger; it is not waited for where nothing moves any more."""
    while not (folder / "ledger.json").exists() and time.time() - _touched(folder) < most_s:
        time.sleep(POLL_S)


def _touched(folder: Path) -> float:
    try:
        return max((path.stat().st_mtime for path in (folder, *folder.iterdir())), default=0.0)
    except OSError:
        return 0.0
