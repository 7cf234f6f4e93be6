"""What became of jobs, as shares with intervals that respect blocks; each says what it is a share of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.columns import Array
from harness.analysis.job_table import JobRun
from harness.analysis.shares import Share, share_of
from harness.domain.estimate import Known
from harness.domain.job import Fate, JobState, Killed


@dataclass(frozen=True)
class JobShare:
    """``count`` of ``of`` submissions that could have ended so; of being done twice, those whose result tells."""

    fate: Fate
    count: int
    of: int
    share: Share
    known: Known


Picked = Callable[[JobRun], Array]


def _state(state: JobState) -> Picked:
    return lambda run: run.state(state)


def _killed(by: Killed) -> Picked:
    return lambda run: run.killed(by.value)


def _accepted(run: JobRun) -> Array:
    return run.accepted


def _told(run: JobRun) -> Array:
    flags: Array = run.done & ~np.isnan(run.numbers["effects"])
    return flags


def _all(run: JobRun) -> Array:
    return np.ones(len(run.measured), dtype=bool)


def _twice(run: JobRun) -> Array:
    flags: Array = run.numbers["effects"] > 1
    return flags


FATES: dict[Fate, tuple[Picked, Picked]] = {  # which of them, and of what
    Fate.NOT_ACCEPTED: (_state(JobState.NOT_ACCEPTED), _all),
    Fate.LOST: (_state(JobState.LOST), _accepted),
    Fate.TWICE: (_twice, _told),
    Fate.DEAD_LETTERED: (_state(JobState.DEAD_LETTERED), _accepted),
    Fate.FAILED: (_state(JobState.FAILED), _accepted),
    Fate.CANCELLED: (_state(JobState.CANCELLED), _accepted),
    Fate.UNFINISHED: (_state(JobState.UNFINISHED), _accepted),
    Fate.TIME_LIMIT: (_killed(Killed.TIME), _accepted),
    Fate.MEMORY_LIMIT: (_killed(Killed.MEMORY), _accepted),
    Fate.WORKER_LOST: (_killed(Killed.WORKER), _accepted),
}


def share(fate: Fate, runs: Sequence[JobRun], confidence: float) -> JobShare:
    """Of the measured submissions."""
    which, of = FATES[fate]
    hits = np.array([float((which(r) & of(r) & r.measured).sum()) for r in runs])
    totals = np.array([float((of(r) & r.measured).sum()) for r in runs])
    made = share_of(hits, totals)
    return JobShare(fate, int(hits.sum()), int(totals.sum()), made, made.estimate(confidence))
