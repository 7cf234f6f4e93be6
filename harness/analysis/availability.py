"""Availability, worded as two weeks allow: incidents are counted, and what their number cannot show is said.

An incident is a stretch of a run in which every request failed for at least 30 s. With
``k`` of them in ``d`` days of load the 95 % upper limit of their rate is
chi2.ppf(0.95, 2(k + 1))/2/d a day; that independence of requests would prove more is
not so, for outages come as stretches. So PASS is never given, and FAIL only where the
share of seconds within incidents is shown to be larger than the promise allows, with
incidents in one block counted as one block's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.analysis import laws
from harness.analysis.dataset import RunData
from harness.analysis.shares import LEAST_BLOCKS, Share, share_of
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reasons.verdict import Incidents
from harness.domain.verdict import Judgement, Slo, SloVerdict

INCIDENT_S = 30.0
DAY_S = 86_400.0
MONTH_D = 30.0


def verdict(target: str, profile: str, slo: Slo, runs: Sequence[RunData], confidence: float = 0.95) -> SloVerdict:
    """One target under one profile."""
    allowed, alpha = 1 - slo.limit, (1 - confidence) / 2
    down = seconds_down(runs)
    estimate = _up(down.estimate(confidence, allowed))
    if isinstance(estimate, Unknown):
        return SloVerdict(target, profile, slo, Judgement.INCONCLUSIVE, estimate, estimate.reason)
    count, loaded_s = len(incidents(runs)), sum(_length_s(run) for run in runs)
    monthly = most_incidents(count, loaded_s / DAY_S) * MONTH_D
    days = len({str((run.record.run or {}).get("started_utc"))[:10] for run in runs if run.record})
    beyond = down.estimate(confidence, allowed)
    failed = down.blocks >= LEAST_BLOCKS and down.above(allowed, alpha)
    why = Incidents(count, loaded_s / 3600, days, monthly, slo.limit, failed)
    judgement = Judgement.FAIL if failed else Judgement.INCONCLUSIVE
    return SloVerdict(target, profile, slo, judgement, estimate, why, None, beyond, allowed)


def seconds_down(runs: Sequence[RunData]) -> Share:
    """Share of the loaded time that incidents took, counted in stretches as long as the longest: one event is one."""
    lengths = np.array([_length_s(run) for run in runs])
    down = [incidents([run]) for run in runs]
    stretch_s = max((one for found in down for one in found), default=INCIDENT_S)
    return share_of(np.array([sum(found) for found in down]) / stretch_s, lengths / stretch_s)


def _up(down: Known) -> Known:
    """Of the share that was down; its best end is open to 1 where there was no incident."""
    if isinstance(down, Unknown):
        return down
    low = None if down.high is None else 1 - down.high
    high = None if down.low is None else 1 - down.low
    return Estimate(1 - down.value, low, high, down.confidence, down.n, down.blocks, "loaded time outside of incidents")


def incidents(runs: Sequence[RunData]) -> list[float]:
    """Length in seconds of each stretch in which every measured request failed."""
    out = []
    for run in runs:
        chosen = run.measured
        order = np.argsort(run.columns["scheduled_s"][chosen], kind="stable")
        at, ok = run.columns["scheduled_s"][chosen][order], run.ok[chosen][order]
        start: float | None = None
        for instant, good in zip(at, ok, strict=True):
            if good:
                if start is not None and instant - start >= INCIDENT_S:
                    out.append(float(instant - start))
                start = None
            elif start is None:
                start = float(instant)
        if start is not None and len(at) and at[-1] - start >= INCIDENT_S:
            out.append(float(at[-1] - start))
    return out


def most_incidents(count: int, days: float) -> float:
    """95 % upper limit of incidents a day, by the exact Poisson limit."""
    return laws.poisson_upper(count, 0.95) / days


def _length_s(run: RunData) -> float:
    at = run.columns["scheduled_s"][run.measured]
    return float(at.max() - at.min()) if len(at) else 0.0
