"""Refusals as a funnel and over time: offered, admitted, answered, within the SLO."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.columns import Array
from harness.analysis.dataset import RunData
from harness.analysis.quantiles import inverted_cdf
from harness.analysis.shares import share_of
from harness.domain.estimate import Known


@dataclass(frozen=True)
class Funnel:
    """Counts of measured requests of one target under one profile."""

    target: str
    profile: str
    offered: int
    admitted: int
    answered: int
    good: int
    refused_share: Known
    by_layer: tuple[tuple[str, str, int], ...]  # (outcome, layer, count), most first
    retry_after: tuple[int, int]  # refusals that carried Retry-After, refusals
    admitted_p95_s: float | None


@dataclass(frozen=True)
class Second:
    """One second of a run, averaged over blocks."""

    target: str
    second: int
    offered: float
    admitted: float
    answered: float
    good: float
    refused: float
    in_flight: float
    p95_s: float | None


def funnel(
    target: str, profile: str, runs: Sequence[RunData], p95_limit_s: float, ttft_limit_s: float | None
) -> Funnel:
    """All blocks together; the refused share with its block interval."""
    offered = np.array([int(r.measured.sum()) for r in runs])
    refused = np.array([int((r.measured & r.refused).sum()) for r in runs])
    answered = sum(int((r.measured & r.ok).sum()) for r in runs)
    good = sum(int((r.measured & r.good(p95_limit_s, ttft_limit_s)).sum()) for r in runs)
    causes: Counter[tuple[str, str]] = Counter()
    told = 0
    for run in runs:
        failed = run.measured & ~run.ok
        causes.update(
            zip(run.columns["outcome"][failed], (v or "not known" for v in run.columns["layer"][failed]), strict=True)
        )
        told += int((~np.isnan(run.columns["retry_after_s"][run.measured & run.refused])).sum())
    served = [r.response_s[r.measured & r.ok] for r in runs]
    p95 = inverted_cdf(np.concatenate(served), 0.95) if answered else None
    return Funnel(
        target,
        profile,
        int(offered.sum()),
        int(offered.sum() - refused.sum()),
        answered,
        good,
        share_of(refused, offered).estimate(0.95),
        tuple((outcome, layer, count) for (outcome, layer), count in causes.most_common()),
        (told, int(refused.sum())),
        p95,
    )


def timeline(
    target: str, runs: Sequence[RunData], p95_limit_s: float, ttft_limit_s: float | None
) -> tuple[Second, ...]:
    """Per second of the schedule, averaged over blocks; in flight at the second's middle.

    Answered counts when an answer ended; everything else when its request was due.
    """
    if not runs:
        return ()
    length = math.ceil(max(float(np.nanmax(r.columns["finished_s"])) for r in runs))
    sums = {name: np.zeros(length) for name in ("offered", "refused", "good", "answered", "in_flight")}
    slow: list[tuple[Array, Array]] = []
    for run in runs:
        c = run.columns
        due = _seconds(c["scheduled_s"], length)
        sums["offered"] += _counts(due, length)
        sums["refused"] += _counts(due[run.refused], length)
        sums["good"] += _counts(due[run.good(p95_limit_s, ttft_limit_s)], length)
        sums["answered"] += _counts(_seconds(c["finished_s"][run.ok], length), length)
        sums["in_flight"] += _in_flight(c["sent_s"], c["finished_s"], length)
        slow.append((due[run.ok], run.response_s[run.ok]))
    p95 = _p95_by_second(slow, length)
    n = len(runs)
    out = [
        Second(
            target,
            second,
            float(sums["offered"][second] / n),
            float((sums["offered"][second] - sums["refused"][second]) / n),
            float(sums["answered"][second] / n),
            float(sums["good"][second] / n),
            float(sums["refused"][second] / n),
            float(sums["in_flight"][second] / n),
            p95[second],
        )
        for second in range(length)
    ]
    return tuple(out)


def _seconds(at: Array, length: int) -> Array:
    """Whole seconds of instants; what has none, or lies beyond, is -1 or ``length`` and counts nowhere."""
    whole: Array = np.clip(np.floor(np.nan_to_num(at, nan=-1.0)), -1, length).astype(int)
    return whole


def _counts(seconds: Array, length: int) -> Array:
    inside = seconds[(seconds >= 0) & (seconds < length)]
    return np.bincount(inside, minlength=length).astype(float)


def _in_flight(sent: Array, finished: Array, length: int) -> Array:
    """At each second's middle: sent by then and not finished, from the steps up and down."""
    known = ~np.isnan(sent) & ~np.isnan(finished)
    middles = np.arange(length) + 0.5
    up = np.searchsorted(np.sort(sent[known]), middles, side="right")
    down = np.searchsorted(np.sort(finished[known]), middles, side="right")
    return (up - down).astype(float)


def _p95_by_second(parts: Sequence[tuple[Array, Array]], length: int) -> list[float | None]:
    """Of all runs together; None for a second in which nothing that came due was answered."""
    seconds = np.concatenate([s for s, _ in parts])
    values = np.concatenate([v for _, v in parts])
    order = np.argsort(seconds, kind="stable")
    found: list[float | None] = [None] * length
    if not len(order):
        return found
    names, starts = np.unique(seconds[order], return_index=True)
    for second, part in zip(names, np.split(values[order], starts[1:]), strict=True):
        if 0 <= second < length:
            found[int(second)] = inverted_cdf(part, 0.95)
    return found
