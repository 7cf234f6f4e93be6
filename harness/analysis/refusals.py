"""Refusals as behaviour: when they begin, who makes them, whether Retry-After is honest, how soon it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.columns import Array
from harness.analysis.dataset import RunData
from harness.analysis.quantiles import inverted_cdf
from harness.domain.phases import BURST
from harness.domain.reasons.choice import Queues, QueuesThenRefuses, RefusesAtOnce, TakesAll

HONEST_WITHIN_S = 2.0  # how long after the announced moment a request still tests the promise
QUEUED_MS = 10.0  # a wait that somebody could notice


@dataclass(frozen=True)
class Onset:
    """What one run carried when it was first refused."""

    in_flight: int
    rate_per_s: float  # requests due in the second before


@dataclass(frozen=True)
class Manner:
    """How one target behaves under a profile that is more than it can take."""

    target: str
    profile: str
    runs: int
    refused: int
    by: tuple[tuple[str, int], ...]  # who refused, most first
    onsets: tuple[Onset, ...]  # one a run that saw a refusal
    refusal_median_s: float | None  # from sending to the refusal
    told: int  # refusals with Retry-After
    tested: int  # of those, how many had a request soon after the announced moment
    honest: int  # of those, how many were admitted
    queued: int  # answers that waited at least QUEUED_MS
    queue_p95_s: float | None
    recoveries_s: tuple[float, ...]  # after each burst: the last request that was refused or late; 0 at once
    unrecovered: int  # bursts after which the quiet time ended first

    @property
    def does(self) -> TakesAll | RefusesAtOnce | Queues | QueuesThenRefuses:
        """With what it cannot take."""
        if self.queue_p95_s is not None and self.queued > 0:
            return QueuesThenRefuses() if self.refused else Queues()
        return RefusesAtOnce() if self.refused else TakesAll()


def manner(target: str, profile: str, runs: Sequence[RunData], p95_limit_s: float) -> Manner:
    """Over the measured requests of every run."""
    by: Counter[str] = Counter()
    onsets, refusal_s, queue_ms, recoveries = [], [], [], []
    told = tested = honest = unrecovered = 0
    for run in runs:
        c, refused = run.columns, run.refused & run.measured
        by.update(_who(c, k) for k in np.flatnonzero(refused).tolist())
        refusal_s.append((c["finished_s"] - c["sent_s"])[refused])
        queue_ms.append(c["queue_ms"][run.ok & run.measured & ~np.isnan(c["queue_ms"])])
        if refused.any():
            onsets.append(_onset(run, refused))
        for counts in _promises(run, refused):
            told, tested, honest = told + counts[0], tested + counts[1], honest + counts[2]
        found, open_ended = _recoveries(run, p95_limit_s)
        recoveries += found
        unrecovered += open_ended
    waits, answers_to = np.concatenate(queue_ms or [np.array([])]), np.concatenate(refusal_s or [np.array([])])
    return Manner(
        target,
        profile,
        len(runs),
        sum(by.values()),
        tuple(by.most_common()),
        tuple(onsets),
        float(inverted_cdf(answers_to, 0.5)) if len(answers_to) else None,
        told,
        tested,
        honest,
        int((waits >= QUEUED_MS).sum()),
        float(inverted_cdf(waits, 0.95)) / 1000 if len(waits) else None,
        tuple(recoveries),
        unrecovered,
    )


def _who(c: Mapping[str, Array], k: int) -> str:
    return str(c["refused_by"][k] or c["layer"][k] or "not known")


def _onset(run: RunData, refused: Array) -> Onset:
    c = run.columns
    first = np.flatnonzero(refused)[np.argmin(c["sent_s"][refused])]
    at = c["sent_s"][first]
    in_flight = int(((c["sent_s"] < at) & (c["finished_s"] > at)).sum())
    due = int(((c["scheduled_s"] > at - 1) & (c["scheduled_s"] <= at)).sum())
    return Onset(in_flight, float(due))


def _promises(run: RunData, refused: Array) -> list[tuple[int, int, int]]:
    """Of each refusal: did it say when to come back, did somebody come then, was he let in."""
    c = run.columns
    out = []
    for k in np.flatnonzero(refused & ~np.isnan(c["retry_after_s"])):
        back = c["finished_s"][k] + c["retry_after_s"][k]
        later = np.flatnonzero((c["sent_s"] >= back) & (c["sent_s"] < back + HONEST_WITHIN_S))
        out.append((1, int(len(later) > 0), int(len(later) > 0 and not run.refused[later[0]])))
    return out


def _recoveries(run: RunData, p95_limit_s: float) -> tuple[list[float], int]:
    """Seconds from each burst's end until the last request, due in the quiet time after it, that was refused or late."""
    c = run.columns
    phases = c["phase"]
    if BURST not in phases:
        return [], 0
    out, open_ended = [], 0
    ends = [k for k in range(len(phases) - 1) if phases[k] == BURST and phases[k + 1] != BURST]
    for end in ends:
        quiet = []
        for k in range(end + 1, len(phases)):
            if phases[k] == BURST:
                break
            quiet.append(k)
        bad = [k for k in quiet if not run.ok[k] or run.response_s[k] > p95_limit_s]
        if bad and bad[-1] == quiet[-1]:
            open_ended += 1
        else:
            out.append(float(c["scheduled_s"][bad[-1]] - c["scheduled_s"][end]) if bad else 0.0)
    return out, open_ended
