"""The end of a run with jobs: every submission gets its row, also one that nobody accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gevent

from harness.domain.job import JOB_COLUMNS, Job, JobState
from harness.domain.sample import Outcome

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from harness.domain.schedule import Arrival, Schedule
    from harness.evidence.spool import SpoolReader

CHUNK = 20_000
_STATE = JOB_COLUMNS.index("state")

Row = Sequence[Any]


def whole_jobs(
    reader: SpoolReader,
    schedule: Schedule,
    outcomes: Sequence[str] | None,
    kinds: Mapping[str, str],
    states: Counter[str],
) -> Iterator[list[Row]]:
    """Rows in order, chunk by chunk, counted on their way; ``outcomes``: of each submission's own request."""
    ended, first = outcomes or (), 0
    for chunk in reader.chunks(CHUNK):
        rows: list[Row] = [
            row if row is not None and len(row) == len(JOB_COLUMNS) else _without(schedule.arrivals[seq], ended, kinds)
            for seq, row in enumerate(chunk, start=first)
        ]
        first += len(chunk)
        states.update(row[_STATE] for row in rows)
        yield rows
        gevent.sleep(0)  # heartbeats must not wait


def _without(arrival: Arrival, outcomes: Sequence[str], kinds: Mapping[str, str]) -> Row:
    """Of a submission that no line tells of: it was not accepted, or was and its process is gone."""
    outcome = outcomes[arrival.seq] if arrival.seq < len(outcomes) else Outcome.LOST.value
    job = Job(
        arrival.seq,
        None,
        kinds.get(arrival.question_id, arrival.question_id),
        arrival.phase,
        arrival.measured,
        arrival.scheduled_s,
    )
    if outcome == Outcome.OK:
        job.state, job.detail = JobState.UNFINISHED, "it was accepted, and the process that followed it was lost"
    else:
        job.detail = f"its submission ended as {outcome}"
    return job.row()


def followed(said: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What every process did together; None where no jobs were submitted."""
    if not said:
        return None
    counted = {name: sum(one.get(name, 0) for one in said) for name in _COUNTS if any(name in one for one in said)}
    signed = [one["signed"] for one in said if "signed" in one]
    return counted | ({"signed": all(signed)} if signed else {})


_COUNTS = ("polls", "poll_failures", "cancelled", "unasked", "polls_per_s", "callbacks", "callbacks_refused")
