"""Whether the platform's own series say of the tier that gave way that it had no more to give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from harness.analysis.dataset import RunData
from harness.analysis.gave_way import Confirmed, GaveWay
from harness.analysis.series import collected, family
from harness.platforms.platform import Per, Signal

PERIOD_S = 60.0  # points stand for the minute that begins at them


def confirmed(found: GaveWay, runs: Sequence[RunData], signals: Sequence[Signal]) -> GaveWay:
    """With each series of the same tier that went as far, over the same runs, or the minutes of the same step."""
    if found.tier is None:
        return found
    looked_at = [run for run in runs if found.block is None or run.block == found.block]
    said = []
    for signal in signals:
        if signal.tier is not found.tier or (least := signal.tells_from) is None:
            continue
        told = [v for run in looked_at if (v := _reached(run, signal, found.step)) is not None]
        value = (sum(told) if signal.per in (Per.SUM, Per.POINTS) else max(told)) if told else 0.0
        if value > 0 and value >= least:
            said.append(Confirmed(signal, value))
    return replace(found, confirmed=tuple(said))


def _reached(run: RunData, signal: Signal, step: str | None) -> float | None:
    """What one run's points come to at their worst; None where there is none in these minutes."""
    points = list(_points(run, signal, step)) if run.record else []
    if not points:
        return None
    match signal.per:
        case Per.POINTS:
            return float(len(points))
        case Per.SUM:
            return float(sum(points))
        case _:
            return max(points)


def _points(run: RunData, signal: Signal, step: str | None) -> Iterator[float]:
    first, last = _minutes(run, step)
    for metric, series in collected(run.record.path).items():
        if signal.metric in (metric, family(metric)):
            yield from (value for points in series for at, value in points if first < at <= last)


def _minutes(run: RunData, step: str | None) -> tuple[float, float]:
    """Where points of these requests lie, in seconds since 1970."""
    started = (run.record.run or {}).get("started_utc")
    if step is None or started is None:
        return float("-inf"), float("inf")
    chosen = run.columns["phase"] == step
    began = datetime.fromisoformat(started).timestamp()
    first = began + float(np.min(run.columns["scheduled_s"][chosen]))
    return first - PERIOD_S, began + float(np.nanmax(run.columns["finished_s"][chosen]))
