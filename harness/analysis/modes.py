"""Cold and warm answers of one target apart, and what their mixture makes of the p95: as measured, and at expected traffic.

The share of cold answers under load is that of the load; at the expected traffic it is
another. So the three stand beside each other, each with its own interval, and none
of them vetoes the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.coded import is_known, is_true
from harness.analysis.dataset import RunData
from harness.analysis.pooled import Pooled, first
from harness.analysis.quantiles import percentile
from harness.analysis.shares import Share, share_of
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reasons import absence

P = 0.95


@dataclass(frozen=True)
class Expected:
    """Cold answers at the expected traffic, with the ends that their window's interval gives; None where it is open."""

    share: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Modes:
    """One target under one profile; p95 response times in seconds, failures among the warm ones."""

    target: str
    profile: str
    cold_share: Known
    warm_p95_s: Known
    cold_p95_s: Known
    measured_p95_s: Known
    expected_share: Known
    expected_p95_s: Known


def modes(
    target: str, profile: str, runs: Sequence[RunData], expected: Expected | None, confidence: float = 0.95
) -> Modes | None:
    """None where no answer says whether it was cold, or none was."""
    flags = [run.columns["cold"] for run in runs]
    counted = [run.measured & run.ok for run in runs]
    cold_n = np.array([float(is_true(f)[c].sum()) for f, c in zip(flags, counted, strict=True)])
    known_n = np.array([float(is_known(f)[c].sum()) for f, c in zip(flags, counted, strict=True)])
    if not cold_n.sum():
        return None
    warm = Pooled([run.response_s[run.measured & ~is_true(f)] for run, f in zip(runs, flags, strict=True)])
    cold = Pooled([run.response_s[c & is_true(f)] for run, f, c in zip(runs, flags, counted, strict=True)])
    return Modes(
        target,
        profile,
        share_of(cold_n, known_n).estimate(confidence),
        percentile(warm, P, confidence),
        percentile(cold, P, confidence),
        percentile(Pooled([run.response_s[run.measured] for run in runs]), P, confidence),
        _expected(expected, len(warm) + len(cold), warm.blocks),
        mixture(warm, cold, expected, confidence),
    )


def _expected(expected: Expected | None, n: int, blocks: int) -> Known:
    if expected is None:
        return Unknown(absence.NoWindow())
    return Estimate(
        expected.share, expected.low, expected.high, 0.95, n, blocks, "placement played with the measured window"
    )


def mixture(warm: Pooled, cold: Pooled, expected: Expected | None, confidence: float) -> Known:
    """The p95 where a share of ``expected`` answers is cold; its ends take the window's own interval along."""
    if expected is None:
        return Unknown(absence.NoExpectedShare())
    if warm.blocks < 2 or not len(cold.finite) or not len(warm.finite):
        return Unknown(absence.FewModes(), len(warm) + len(cold), warm.blocks)
    alpha, allowed = (1 - confidence) / 2, 1 - P
    tried = np.sort(np.concatenate([warm.finite, cold.finite]), kind="stable")

    def where(share: float | None, holds: Callable[[Share], bool]) -> float | None:
        """The smallest time for which it ``holds``, with so many cold; None where it never does."""
        if share is None:
            return None
        return first(tried, lambda v: holds(_mixed(_beyond(warm, v), _beyond(cold, v), share)))

    value, n = where(expected.share, lambda s: s.value <= allowed + 1e-12), len(warm) + len(cold)
    if value is None:
        return Unknown(absence.ManyWouldFail(allowed), n, warm.blocks)
    low = where(expected.low, lambda s: not s.above(allowed, alpha))
    high = where(expected.high, lambda s: s.below(allowed, alpha))
    why = None if low is not None and high is not None else absence.WindowOpen()
    return Estimate(
        value, low, high, confidence, n, warm.blocks, "warm and cold answers mixed at the expected share", why
    )


def _beyond(pooled: Pooled, value: float) -> Share:
    return share_of(pooled.beyond(value), pooled.totals, pooled.runs(value))


def _mixed(warm: Share, cold: Share, share: float) -> Share:
    """Variances of both parts add up; they stand for a share of as many requests as were measured."""
    value, n = (1 - share) * warm.value + share * cold.value, warm.n + cold.n
    independent = value * (1 - value) / n
    if independent <= 0:
        return Share(value, n, warm.blocks, 1.0)
    variance = (1 - share) ** 2 * _variance(warm) + share**2 * _variance(cold)
    return Share(value, n, warm.blocks, max(1.0, variance / independent))


def _variance(share: Share) -> float:
    return share.deff * share.value * (1 - share.value) / share.n if share.n else 0.0
