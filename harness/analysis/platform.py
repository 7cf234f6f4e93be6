"""What the platform itself counted during the runs: instances, queue, processor time, memory, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.dataset import RunData
from harness.analysis.series import Collected, collected, values
from harness.platforms.platform import Measure, Per, Signal, Tier


@dataclass(frozen=True)
class PlatformFigures:
    """One target under one profile; None where no run's readings hold the series."""

    target: str
    profile: str
    runs: int
    collected: int
    most_instances: float | None
    most_in_flight: float | None
    most_queued: float | None
    most_rss_mb: float | None
    cpu_s: float | None  # of all instances, mean over runs
    refusals: int | None
    instance_cpu_s: float | None = None  # mean of the instances that ended
    init_stretch: float | None = None  # wall-clock time of inits over their processor time


def figures(target: str, profile: str, runs: Sequence[RunData], signals: Sequence[Signal]) -> PlatformFigures:
    """Over every run of which a series was collected that its platform declares."""
    all_found = [collected(run.record.path) if run.record else {} for run in runs]
    known = {s.metric for s in signals}
    seen = [found for found in all_found if known & found.keys()]

    def of(measure: Measure, found: Collected) -> list[float] | None:
        """By the first signal of it that this run has; None where it has none."""
        return next((_figure(s, found) for s in signals if s.measure is measure and s.metric in found), None)

    def each(measure: Measure) -> list[float]:
        return [value for found in seen for value in of(measure, found) or ()]

    def unit(measure: Measure, metric_unit: str) -> list[float]:
        """Only of signals in this unit: bytes and shares are no megabytes."""
        mine = [s for s in signals if s.measure is measure and s.unit == metric_unit]
        return [value for found in seen for s in mine if s.metric in found for value in _figure(s, found)]

    refused = [
        sum(_figure(s, found))
        for found in seen
        for s in signals
        if s.measure is Measure.REFUSALS and s.tier is not Tier.PROVIDER and s.metric in found
    ]
    return PlatformFigures(
        target,
        profile,
        len(runs),
        len(seen),
        max(each(Measure.INSTANCES), default=None),
        max(each(Measure.CONCURRENCY), default=None),
        max(each(Measure.QUEUED), default=None),
        max(unit(Measure.MEMORY, "MB"), default=None),
        _mean(unit(Measure.CPU, "s")),
        round(sum(refused)) if refused else None,
        _mean(each(Measure.INSTANCE_CPU)),
        _stretch([(sum(of(Measure.INIT_TIME, f) or ()), sum(of(Measure.INIT_CPU, f) or ())) for f in seen]),
    )


def _figure(signal: Signal, found: Collected) -> list[float]:
    """What the run's points of one signal come to."""
    told = values(found, signal.metric)
    match signal.per:
        case Per.POINTS:
            return [float(len(told))]
        case Per.SUM:
            return [sum(told)]
        case Per.MOST:
            return [max(told)] if told else []
        case Per.GROWTH:
            return [max(told) - min(told)] if told else []
        case Per.MEAN:
            return told


def _mean(told: list[float]) -> float | None:
    return sum(told) / len(told) if told else None


def _stretch(inits: Sequence[tuple[float, float]]) -> float | None:
    """Of runs that tell both."""
    wall, cpu = (sum(pair[k] for pair in inits if pair[1]) for k in (0, 1))
    return wall / cpu if cpu else None
