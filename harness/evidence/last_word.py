"""The ledger of a run that could not write its own: what its samples say, everything else lost, INVALID with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.domain.bounds import MOST_ARRIVALS, MOST_DETAIL, SAMPLES_BYTES
from harness.domain.job import JOB_COLUMNS, JobState
from harness.domain.ledger import GeneratorHealth, Ledger
from harness.domain.reason import Reason
from harness.domain.reasons.fault import JobsNotRead
from harness.domain.sample import COLUMNS, Outcome
from harness.domain.shown import visible
from harness.evidence import parquet
from harness.evidence.files import read_object
from harness.evidence.regular import bytes_of
from harness.evidence.run_folder import JOBS_SPOOL, SPOOL
from harness.evidence.spool import SpoolReader

_OUTCOME = COLUMNS.index("outcome")
_STATE = JOB_COLUMNS.index("state")
MOST = MOST_ARRIVALS  # beyond it a count of planned arrivals was not written by a run


def last_word(
    folder: Path, reasons: Sequence[Reason], stopped_by: str | None = None, planned: int | None = None
) -> Ledger:
    """Never raises: what cannot be read any more counts as lost.

    ``planned`` where the caller knows it, else as run.json says.
    """
    counts: Counter[str] = Counter()
    known = planned if planned is not None else _planned(folder)
    with suppress(Exception):
        counts = _from_parquet(folder)
    if not counts:
        with suppress(Exception):
            counts = _from_spool(folder, known)
    whole = max(known or 0, counts.total())
    if missing := whole - counts.total():
        counts[Outcome.LOST.value] += missing
    jobs = _jobs(folder, whole)
    unread = (jobs,) if isinstance(jobs, Reason) else ()
    return Ledger(
        planned=whole,
        outcomes=dict(sorted(counts.items())),
        valid=False,
        reasons=(*reasons, *unread),
        stopped_by=stopped_by,
        health=GeneratorHealth(),
        jobs=None if isinstance(jobs, Reason) else jobs,
    )


def _jobs(folder: Path, planned: int) -> dict[str, int] | Reason | None:
    """By state, as far as lines tell; a submission without one was not accepted, as far as anybody knows. None: no jobs.

    A Reason where nobody can tell any more.
    """
    try:
        if not (folder / JOBS_SPOOL).exists():
            return None
        reader = SpoolReader(folder / JOBS_SPOOL, planned)
        try:
            rows = [row for chunk in reader.chunks(20_000) for row in chunk]
        finally:
            reader.close()
        return dict(Counter(_state(row) for row in rows))
    except Exception as error:  # noqa: BLE001 - a ledger is written whatever else cannot be read
        return JobsNotRead(JOBS_SPOOL, visible(str(error), MOST_DETAIL) or type(error).__name__)


def _state(row: list[Any] | None) -> str:
    known = row[_STATE] if row is not None and len(row) > _STATE else None
    return known if known in set(JobState) else JobState.NOT_ACCEPTED.value


def _planned(folder: Path) -> int | None:
    with suppress(Exception):
        said = read_object(folder / "run.json")["planned"]
        if isinstance(said, int) and 0 <= said <= MOST:
            return said
    return None


def _from_parquet(folder: Path) -> Counter[str]:
    return Counter(parquet.read(folder / "samples.parquet", ("outcome",)).column("outcome").to_pylist())


def _from_spool(folder: Path, planned: int | None) -> Counter[str]:
    """By ``seq``, the last line of each; of an experiment nobody knows how many were planned."""
    lines = (
        min(MOST, bytes_of(folder / SPOOL, most=SAMPLES_BYTES).count(b"\n"))
        if planned is None or planned == 0
        else planned
    )
    reader = SpoolReader(folder / SPOOL, lines)
    known = {outcome.value for outcome in Outcome}
    try:
        rows = (row for chunk in reader.chunks(20_000) for row in chunk if row is not None and len(row) > _OUTCOME)
        return Counter(row[_OUTCOME] for row in rows if row[_OUTCOME] in known)
    finally:
        reader.close()
