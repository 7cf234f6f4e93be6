"""A backlog: how many wait or work at each instant, and how fast they get done while others wait.

While jobs wait every worker is busy, so their count grows as the workers' rate. The throughput is the slope of that count
by least squares, from the last submission to the last start: the edges of the stretch, where a worker has just begun or
none waits any more, would count otherwise. Least squares of count on time is exact for evenly spaced ends, also where
several workers end at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.columns import Array
from harness.analysis.jackknife import jackknife
from harness.analysis.job_table import JobRun
from harness.domain.estimate import Known, Unknown
from harness.domain.reasons import absence

LEAST_DONE = 10  # while others waited: fewer say nothing of a rate
METHOD = "jobs done a second while others waited, least squares, block jackknife"


@dataclass(frozen=True)
class Backlog:
    """Accepted and not ended, at the instants at which that changes; ``unfinished`` never end in it."""

    at_s: Array
    jobs: Array

    @property
    def peak(self) -> int:
        return int(self.jobs.max()) if len(self.jobs) else 0

    def every(self, step_s: float) -> tuple[tuple[float, int], ...]:
        """The number at equal steps, from the first submission to the last end."""
        if not len(self.at_s):
            return ()
        end = float(self.at_s[-1])
        steps = np.arange(0.0, end + step_s, step_s)
        found = self.at_s.searchsorted(steps, "right") - 1
        return tuple((float(at), int(self.jobs[k]) if k >= 0 else 0) for at, k in zip(steps, found, strict=True))


def backlog(run: JobRun) -> Backlog:
    """Of every submission that was accepted, measured or not: each takes a worker."""
    came, left = run.numbers["accepted_s"][run.accepted], run.ended_s[run.accepted]
    came, left = came[~np.isnan(came)], left[~np.isnan(left)]
    changes = [*((float(at), 1) for at in came), *((float(at), -1) for at in left)]
    changes.sort(key=lambda change: (change[0], change[1]))
    at = np.array([instant for instant, _ in changes], dtype=np.float64)
    return Backlog(at, np.maximum(np.cumsum([step for _, step in changes]), 0) if changes else np.array([]))


def rate_per_s(run: JobRun) -> float | None:
    """Of one run; None where too few got done while others waited."""
    came, ended = run.numbers["accepted_s"][run.accepted], run.done_at_s[run.done]
    if not len(came) or not len(ended):
        return None
    starts = run.numbers["started_s"][run.accepted]
    begin = float(np.nanmax(came))
    end = float(np.nanmax(starts)) if not np.isnan(starts).all() else float(ended.max())
    within = np.sort(ended[(ended > begin) & (ended <= end)])
    if len(within) < LEAST_DONE:
        return None
    count, time = np.arange(len(within), dtype=np.float64), within - within.mean()
    spread = float((time * time).sum())
    return None if spread <= 0 else float((time * (count - count.mean())).sum()) / spread


def throughput(runs: Sequence[JobRun], confidence: float) -> Known:
    """Jobs a second while a backlog drained; the geometric mean of the blocks'."""
    rates = [rate for run in runs if (rate := rate_per_s(run)) is not None]
    n = sum(int(run.done.sum()) for run in runs)
    if not rates:
        return Unknown(absence.NothingDrained(LEAST_DONE), n, len(runs))
    if len(rates) < 2:
        return Unknown(absence.FewBlocks(len(rates)), n, len(rates))
    logs = [math.log(rate) for rate in rates]
    made = jackknife(lambda kept: sum(logs[k] for k in kept) / len(kept), len(logs))
    return made.estimate(confidence, n, METHOD)
