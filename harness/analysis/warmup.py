"""Whether the declared warm-up was long enough: MSER-5 on one-second medians that runs agree on, a check and never a trimming.

On raw latencies one spike would move the cut past it and delete the very tail that is
measured; on one run's medians a stall of twenty seconds does the same. So the runs are
laid over each other by the time since their start, and what only some of them show at
that time is not a warm-up (White 1997; statistics reference §1.10 and errata 9).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.dataset import RunData

BATCH = 5
LEAST_SECONDS = 30  # below it a run has too few seconds to tell
LEAST_RUNS = 2  # one run alone cannot tell a stall from a warm-up
LONGEST_S = 900.0  # nobody warms up for longer; what comes after cannot say more about it
FLAG = 1.5  # times the declared warm-up


@dataclass(frozen=True)
class WarmUp:
    """One target under one profile; seconds from a run's start."""

    target: str
    profile: str
    declared_s: float
    wanted_s: float | None  # None where the runs are too short or too few to tell
    runs: int

    @property
    def too_short(self) -> bool:
        return self.wanted_s is not None and self.wanted_s > FLAG * max(self.declared_s, 1.0)


def warm_up(target: str, profile: str, runs: Sequence[RunData], declared_s: float) -> WarmUp:
    """Over what at least ``LEAST_RUNS`` runs agree on."""
    agreed = together(runs)
    wanted = None
    if len(agreed) >= LEAST_SECONDS:
        cut = mser5([level for _, level in agreed])
        wanted = float(agreed[cut][0]) if cut else 0.0
    return WarmUp(target, profile, declared_s, wanted, len(runs))


def mser5(series: Sequence[float]) -> int:
    """Observations to leave out: batches of five, the cut d <= half that minimises sum (z - mean)^2/(n - d)^2."""
    count = len(series) // BATCH
    if count == 0:
        return 0
    z = np.asarray(series[: count * BATCH], dtype=float).reshape(count, BATCH).mean(axis=1)
    costs = [((z[d:] - z[d:].mean()) ** 2).sum() / (count - d) ** 2 for d in range(count // 2 + 1)]
    return int(np.argmin(costs)) * BATCH


def together(runs: Sequence[RunData]) -> list[tuple[int, float]]:
    """What the runs agree on: (second since the start, lower median over runs of each run's median over its own level).

    A stall shows in one run, or in several at different seconds, and is not agreed on;
    warming up shows in all of them at the same time. Ends where fewer than
    ``LEAST_RUNS`` have answers.
    """
    found = [level for run in runs if (level := _levels(run))]
    longest = max((max(level) for level in found), default=-1)
    out: list[tuple[int, float]] = []
    for second in range(longest + 1):
        said = [level[second] for level in found if second in level]
        if len(said) >= max(LEAST_RUNS, (len(found) + 1) // 2):
            out.append((second, statistics.median_low(said)))
    return out


def _levels(run: RunData) -> dict[int, float]:
    """By second from the run's start, warm-up and all: median response over the median of all of its seconds."""
    ok = run.ok & (run.columns["scheduled_s"] < LONGEST_S)
    at, response = run.columns["scheduled_s"][ok], run.response_s[ok]
    if not len(at):
        return {}
    seconds = np.floor(at).astype(int)
    order = np.argsort(seconds, kind="stable")
    present, starts = np.unique(seconds[order], return_index=True)
    medians = [float(np.median(part)) for part in np.split(response[order], starts[1:])]
    level = statistics.median(medians) or 1.0
    return {int(second): median / level for second, median in zip(present, medians, strict=True)}
