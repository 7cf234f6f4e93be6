"""Refusals as a funnel and over time: offered, admitted, answered, within the SLO."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.dataset import RunData
from harness.analysis.quantiles import inverted_cdf
from harness.analysis.share import share_of
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
        share_of(offered, refused, "refused over offered"),
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
    last = max(float(np.nanmax(r.columns["finished_s"])) for r in runs)
    out = []
    for second in range(math.ceil(last)):
        offered = answered = refused = good = in_flight = 0
        slow: list[float] = []
        for run in runs:
            c = run.columns
            due = np.floor(c["scheduled_s"]) == second
            offered += int(due.sum())
            refused += int((due & run.refused).sum())
            good += int((due & run.good(p95_limit_s, ttft_limit_s)).sum())
            answered += int((run.ok & (np.floor(c["finished_s"]) == second)).sum())
            middle = second + 0.5
            in_flight += int(((c["sent_s"] <= middle) & (c["finished_s"] > middle)).sum())
            slow += list(run.response_s[due & run.ok])
        n = len(runs)
        p95 = inverted_cdf(np.array(slow), 0.95) if slow else None
        out.append(
            Second(
                target,
                second,
                offered / n,
                (offered - refused) / n,
                answered / n,
                good / n,
                refused / n,
                in_flight / n,
                p95,
            )
        )
    return tuple(out)
