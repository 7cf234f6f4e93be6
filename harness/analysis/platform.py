"""What the platform itself counted during the runs: instances, queue, processor time, memory, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.dataset import RunData
from harness.errors import BadFile
from harness.evidence.files import read_json
from harness.evidence.schema import READINGS_FORMAT


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


def figures(target: str, profile: str, runs: Sequence[RunData]) -> PlatformFigures:
    """Over every run whose readings were collected."""
    series = [found for run in runs if (found := _series(run)) is not None]

    def most(metric: str) -> float | None:
        return max((max(s[metric]) for s in series if s.get(metric)), default=None)

    cpu = [max(s["cpu_s"]) - min(s["cpu_s"]) for s in series if s.get("cpu_s")]
    refused = [len(s[name]) for s in series for name in ("throttle", "overloaded") if name in s]
    return PlatformFigures(
        target,
        profile,
        len(runs),
        len(series),
        most("instances"),
        most("in_flight"),
        most("queued"),
        most("rss_mb"),
        sum(cpu) / len(cpu) if cpu else None,
        sum(refused) if refused else None,
        _mean([v for s in series for v in s.get("instance_cpu_s", ())]),
        _stretch(series),
    )


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _stretch(series: Sequence[dict[str, list[float]]]) -> float | None:
    wall = sum(v for s in series if s.get("init_cpu_ms") for v in s.get("init_wall_ms", ()))
    cpu = sum(v for s in series for v in s.get("init_cpu_ms", ()))
    return wall / cpu if cpu else None


def _series(run: RunData) -> dict[str, list[float]] | None:
    """Values by metric of the platform's own log; None when it was not collected."""
    try:
        content: dict[str, Any] = read_json(run.record.path / "readings" / "local-logs.json", READINGS_FORMAT)
    except BadFile:
        return None
    return {
        reading["metric"]: [value for _, value in reading["points"]]
        for reading in content["readings"]
        if reading["kind"] == "series"
    }
