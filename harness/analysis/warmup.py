"""Whether the declared warm-up was long enough: MSER-5 on one-second medians, a check and never a trimming.

On raw latencies one spike would move the cut past it and delete the very tail that is
measured; on medians it does not (White 1997; statistics reference §1.10).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.dataset import RunData

BATCH = 5
LEAST_SECONDS = 30  # below it a run has too few seconds to tell
LONGEST_S = 900.0  # nobody warms up for longer; what comes after cannot say more about it
FLAG = 1.5  # times the declared warm-up


@dataclass(frozen=True)
class WarmUp:
    """One target under one profile; medians over its runs, in seconds."""

    target: str
    profile: str
    declared_s: float
    wanted_s: float | None  # None where the runs are too short to tell
    runs: int

    @property
    def too_short(self) -> bool:
        return self.wanted_s is not None and self.wanted_s > FLAG * max(self.declared_s, 1.0)


def warm_up(target: str, profile: str, runs: Sequence[RunData], declared_s: float) -> WarmUp:
    """Over every run that can tell."""
    wanted = [seconds for run in runs if (seconds := _wanted(run)) is not None]
    return WarmUp(target, profile, declared_s, statistics.median(wanted) if wanted else None, len(wanted))


def mser5(series: Sequence[float]) -> int:
    """Observations to leave out: batches of five, the cut d <= half that minimises sum (z - mean)^2/(n - d)^2."""
    count = len(series) // BATCH
    if count == 0:
        return 0
    z = np.asarray(series[: count * BATCH], dtype=float).reshape(count, BATCH).mean(axis=1)
    costs = [((z[d:] - z[d:].mean()) ** 2).sum() / (count - d) ** 2 for d in range(count // 2 + 1)]
    return int(np.argmin(costs)) * BATCH


def _wanted(run: RunData) -> float | None:
    """Seconds from the run's start, warm-up and all, that MSER-5 would leave out; None for a run too short."""
    ok = run.ok & (run.columns["scheduled_s"] < LONGEST_S)
    at, response = run.columns["scheduled_s"][ok], run.response_s[ok]
    if not len(at):
        return None
    seconds = np.floor(at).astype(int)
    order = np.argsort(seconds, kind="stable")
    _, starts = np.unique(seconds[order], return_index=True)
    medians = [float(np.median(part)) for part in np.split(response[order], starts[1:])]
    return float(mser5(medians)) if len(medians) >= LEAST_SECONDS else None
