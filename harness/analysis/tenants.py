"""What the others feel while one tenant makes a burst: their waits and refusals during it against before, per target.

Before is what was due outside bursts and not within a burst's length after one: a target that recovers is not yet quiet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.coded import is_known
from harness.analysis.columns import Array
from harness.analysis.dataset import RunData
from harness.analysis.paired import Paired, difference
from harness.analysis.pooled import Pooled
from harness.analysis.quantiles import percentile
from harness.analysis.shares import share_of
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.phases import BURST
from harness.domain.reasons import absence

P95 = 0.95


@dataclass(frozen=True)
class Felt:
    """One target under one profile: the noisy tenant itself, or all others.

    ``times`` is the p95 during the burst over that before it, ``refused_more`` the difference of the refused shares.
    """

    target: str
    profile: str
    noisy: str
    others: bool
    before_p95_s: Known
    during_p95_s: Known
    times: Known
    before_refused: Known
    during_refused: Known
    refused_more: Known


def noisy_of(run: RunData) -> str | None:
    """Who made the bursts, as the run was asked for."""
    spec = ((run.record.run or {}).get("spec") or {}) if run.record else {}
    mix = spec.get("mix") or {}
    noisy = mix.get("noisy")
    return noisy if isinstance(noisy, str) else None


def felt(target: str, profile: str, runs: Sequence[RunData], noisy: str | None, confidence: float = 0.95) -> list[Felt]:
    """Of the others, then of the noisy one; empty without one."""
    if noisy is None or not runs:
        return []
    phases = [(_quiet(run), run.measured & (run.columns["phase"] == BURST)) for run in runs]
    out = []
    for others in (True, False):
        mine = [_whose(run, noisy, others=others) for run in runs]
        before = [run.response_s[quiet & own] for run, (quiet, _), own in zip(runs, phases, mine, strict=True)]
        during = [run.response_s[burst & own] for run, (_, burst), own in zip(runs, phases, mine, strict=True)]
        shares = [
            (
                np.array(
                    [float((run.refused & p[k] & own).sum()) for run, p, own in zip(runs, phases, mine, strict=True)]
                ),
                np.array([float((p[k] & own).sum()) for p, own in zip(phases, mine, strict=True)]),
            )
            for k in (0, 1)
        ]
        out.append(
            Felt(
                target,
                profile,
                noisy,
                others,
                percentile(Pooled(before), P95, confidence),
                percentile(Pooled(during), P95, confidence),
                _times(before, during, confidence),
                share_of(*shares[0]).estimate(confidence),
                share_of(*shares[1]).estimate(confidence),
                difference(shares[1], shares[0], confidence)[0],
            )
        )
    return out


def _whose(run: RunData, noisy: str, *, others: bool) -> Array:
    own: Array = np.asarray(run.columns["tenant"] == noisy, dtype=bool)
    return is_known(run.columns["tenant"]) & ~own if others else own


def _quiet(run: RunData) -> Array:
    """Outside bursts, and as long after one as it lasted."""
    due = np.asarray(run.columns["scheduled_s"], dtype=float)
    burst = np.asarray(run.columns["phase"] == BURST, dtype=bool)
    quiet: Array = run.measured & ~burst
    order = np.argsort(due, kind="stable")
    begun: float | None = None
    until = -math.inf
    last = 0.0
    for k in order:
        if burst[k]:
            begun = due[k] if begun is None else begun
            last = due[k]
            continue
        if begun is not None:
            until, begun = last + (last - begun), None
        if due[k] <= until:
            quiet[k] = False
    return quiet


def _times(before: Sequence[Array], during: Sequence[Array], confidence: float) -> Known:
    """Both percentiles of the same blocks; Unknown where either is infinite, for then no ratio says anything."""
    blocks, n = len(before), sum(map(len, (*before, *during)))
    if blocks < 2 or not all(len(part) for part in (*before, *during)):
        return Unknown(absence.FewPairedBlocks(blocks, 2), n, blocks)
    pair = Paired(during, before, P95)
    if not 0 < pair.value < math.inf:
        failed = sum(int(np.isinf(part).sum()) for part in during)
        return Unknown(absence.ManyFailed(failed / sum(map(len, during)), n), n, blocks)
    low, high = pair.interval(confidence)
    return Estimate(pair.value, low, high, confidence, n, blocks, "p95 during over p95 before, within blocks")
