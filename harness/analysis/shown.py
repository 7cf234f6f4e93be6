"""What the platforms measured while runs went, each series beside the client's figure of the same thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.dataset import RunData
from harness.analysis.series import Collected, collected, values
from harness.platforms.platform import Measure, Per, Signal, Tier


@dataclass(frozen=True)
class Spread:
    """Over the runs that have it: mean, least and most."""

    mean: float
    least: float
    most: float
    runs: int


@dataclass(frozen=True)
class Shown:
    """One series of one target under one profile; ``signal`` is None where no platform says what it means."""

    target: str
    profile: str
    metric: str
    signal: Signal | None
    of_runs: Spread | None  # None: collected in no run
    runs: int
    client: Spread | None  # what the client saw of the same, in the series' own unit

    @property
    def tier(self) -> Tier | None:
        """Which part of a target it speaks of."""
        return self.signal.tier if self.signal else None


def shown(target: str, profile: str, runs: Sequence[RunData], signals: Sequence[Signal]) -> tuple[Shown, ...]:
    """Declared series in their order, collected or not; then every other one that was collected."""
    found = [collected(run.record.path) if run.record else {} for run in runs]
    declared = {s.metric: s for s in signals}
    others = sorted({metric for one in found for metric in one} - declared.keys())
    return tuple(_shown(target, profile, metric, declared.get(metric), runs, found) for metric in (*declared, *others))


def figure(signal: Signal | None, found: Collected, metric: str) -> float | None:
    """What one run's points come to; the mean where nobody says how, None where there is no point to tell by."""
    told = values(found, metric)
    per = signal.per if signal else Per.MEAN
    if per is Per.POINTS:
        return float(len(told))
    if per is Per.SUM:
        return sum(told)
    if not told:
        return None
    match per:
        case Per.MOST:
            return max(told)
        case Per.GROWTH:
            return max(told) - min(told)
        case _:
            return sum(told) / len(told)


def _shown(
    target: str,
    profile: str,
    metric: str,
    signal: Signal | None,
    runs: Sequence[RunData],
    found: Sequence[Collected],
) -> Shown:
    mine = [(run, one) for run, one in zip(runs, found, strict=True) if metric in one]
    platform = _spread([v for _, one in mine if (v := figure(signal, one, metric)) is not None])
    client = None
    if signal is not None and signal.beside is not None:
        client = _spread([v for run, _ in mine if (v := _CLIENT[signal.beside](run, signal)) is not None])
    return Shown(target, profile, metric, signal, platform, len(runs), client)


def _spread(told: Sequence[float]) -> Spread | None:
    return Spread(sum(told) / len(told), min(told), max(told), len(told)) if told else None


def _sent(run: RunData, signal: Signal) -> float:
    del signal
    return float((~np.isnan(run.columns["sent_s"])).sum())


def _refused(run: RunData, signal: Signal) -> float:
    del signal
    return float(run.refused.sum())


def _service(run: RunData, signal: Signal) -> float | None:
    """Mean time from sending to the end of good answers, in the series' unit."""
    took = (run.columns["finished_s"] - run.columns["sent_s"])[run.ok]
    scale = {"s": 1.0, "ms": 1000.0}.get(signal.unit)
    return float(np.mean(took)) * scale if scale and len(took) else None


def _most_in_flight(run: RunData, signal: Signal) -> float | None:
    del signal
    sent, ended = run.columns["sent_s"], run.columns["finished_s"]
    known = ~np.isnan(sent) & ~np.isnan(ended)
    if not known.any():
        return None
    at = np.concatenate([sent[known], ended[known]])
    step = np.concatenate([np.ones(known.sum()), -np.ones(known.sum())])
    return float(np.max(np.cumsum(step[np.lexsort((step, at))])))


_CLIENT: Mapping[Measure, Callable[[RunData, Signal], float | None]] = {
    Measure.REQUESTS: _sent,
    Measure.REFUSALS: _refused,
    Measure.DURATION: _service,
    Measure.CONCURRENCY: _most_in_flight,
}
