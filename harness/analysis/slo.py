"""SLO verdicts: the share of requests that broke the promise against the share that may, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis import availability
from harness.analysis.blocks_needed import blocks_needed
from harness.analysis.columns import Array
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.likeness import Runs
from harness.analysis.pooled import Pooled
from harness.analysis.quantiles import percentile
from harness.analysis.shares import LEAST_BLOCKS, Share, share_of
from harness.analysis.usual import FULL, UNTOLD
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons import absence
from harness.domain.reasons import verdict as reasons
from harness.domain.verdict import Judgement, Slo, SloVerdict

PERCENTILES = {"p95_s": 0.95, "p99_s": 0.99, "ttft_p95_s": 0.95, "first_reasoning_p95_s": 0.95}
STREAMED = frozenset({"ttft_p95_s", "first_reasoning_p95_s"})  # promises that whole answers neither keep nor break
Limits = tuple[float, float | None]  # of a good answer: response time, time to first token
NO_LIMITS: Limits = (math.inf, None)
FULL_QUALITY = "full_quality_share"
EXPECTED = "expected traffic"  # what stands for a profile where a month is judged


@dataclass(frozen=True)
class Held:
    """A promise held to what was measured: how many broke it, how many may, and the measure as people read it.

    ``worst``: how many broke it if each that can't be told did; None where all are told.
    """

    beyond: Share
    allowed: float
    estimate: Known
    worst: Share | None = None


def verdicts(
    data: Dataset, slos: Sequence[Slo], profiles: Sequence[str], limits: Limits, confidence: float = 0.95
) -> tuple[SloVerdict, ...]:
    """Every SLO for every target under every judged profile, in that order."""
    return tuple(
        verdict(target, profile, slo, data.of(target, profile), limits, confidence)
        for profile in profiles
        if profile in data.profiles
        for slo in slos
        for target in dict.fromkeys(data.targets)
    )


def verdict(
    target: str,
    profile: str,
    slo: Slo,
    runs: Sequence[RunData],
    limits: Limits = NO_LIMITS,
    confidence: float = 0.95,
) -> SloVerdict:
    """One SLO from one target's valid runs."""
    if slo.metric == "availability":
        return availability.verdict(target, profile, slo, runs, confidence)
    held = hold(slo, runs, limits, confidence)
    if held is None:
        unknown = Unknown(absence.NoMetric(slo.metric))
        return SloVerdict(target, profile, slo, Judgement.INCONCLUSIVE, unknown, unknown.reason)
    judgement, reason = judge(held, (1 - confidence) / 2)
    alpha, is_open = (1 - confidence) / 2, judgement is Judgement.INCONCLUSIVE
    needed = blocks_needed(held.beyond, held.allowed, alpha) if is_open else None
    beyond = held.beyond.estimate(confidence, held.allowed)
    return SloVerdict(target, profile, slo, judgement, held.estimate, reason, needed, beyond, held.allowed)


def measured(metric: str, runs: Sequence[RunData], limits: Limits = NO_LIMITS, confidence: float = 0.95) -> Known:
    """The measure alone, held to no promise."""
    held = hold(Slo(metric, metric, math.inf, ""), runs, limits, confidence)
    return Unknown(absence.NoMetric(metric)) if held is None else held.estimate


def allowed_share(slo: Slo) -> float | None:
    """Share of requests that may break the promise; None for a metric that is not judged by a share."""
    if (p := PERCENTILES.get(slo.metric)) is not None:
        return 1 - p
    shares = {"error_rate": slo.limit, "goodput": 1 - slo.limit, FULL_QUALITY: 1 - slo.limit}
    return shares.get(slo.metric)


def hold(slo: Slo, runs: Sequence[RunData], limits: Limits, confidence: float) -> Held | None:
    """None for a metric that nobody knows."""
    allowed = allowed_share(slo)
    if allowed is None:
        return None
    if (p := PERCENTILES.get(slo.metric)) is not None:
        pooled = Pooled([r.measured_of(_waited_s(r, slo.metric)) for r in runs])
        beyond = share_of(pooled.beyond(slo.limit), pooled.totals, pooled.runs(slo.limit))
        return Held(beyond, allowed, percentile(pooled, p, confidence, slo.limit))
    if slo.metric == FULL_QUALITY:
        return _full_quality(runs, allowed, confidence)
    if slo.metric == "error_rate":
        failed = _share(runs, [r.measured & ~r.ok for r in runs])
        return Held(failed, allowed, failed.estimate(confidence, allowed))
    times = Pooled([r.measured_of(r.response_s) for r in runs])
    missed = _share(runs, [r.measured & ~r.good(*limits) for r in runs], times.runs(limits[0]))
    return Held(missed, allowed, _complement(missed.estimate(confidence, allowed)))


def _full_quality(runs: Sequence[RunData], allowed: float, confidence: float) -> Held:
    """Failed and degraded ones break it; an answer of which nobody can tell keeps both ends of the interval apart."""
    told = _share(runs, [r.measured & (~r.ok | r.degraded) for r in runs])
    worst = _share(runs, [r.measured & (~r.ok | (r.quality != FULL)) for r in runs])
    answered = sum(int((r.measured & r.ok).sum()) for r in runs)
    untold = sum(int((r.measured & r.ok & (r.quality == UNTOLD)).sum()) for r in runs)
    if answered and untold == answered:
        return Held(told, allowed, Unknown(absence.NoQuality(), round(told.n), told.blocks), worst)
    if not untold:
        return Held(told, allowed, _complement(told.estimate(confidence, allowed)))
    best, least = _complement(told.estimate(confidence)), _complement(worst.estimate(confidence))
    if isinstance(best, Estimate) and isinstance(least, Estimate):
        best = replace(best, low=least.low)
    return Held(told, allowed, best, worst)


def _waited_s(run: RunData, metric: str) -> Array:
    match metric:
        case "ttft_p95_s":
            return run.ttft_s
        case "first_reasoning_p95_s":
            return run.first_sign_s
        case _:
            return run.response_s


def judge(held: Held, alpha: float) -> tuple[Judgement, Reason]:
    """The word and why; ``alpha`` is the one-sided error of this look."""
    beyond, allowed = held.beyond, held.allowed
    if not beyond.n:
        return Judgement.INCONCLUSIVE, absence.NoRequests()
    if beyond.blocks < LEAST_BLOCKS:
        return Judgement.INCONCLUSIVE, reasons.FewForVerdict(beyond.blocks, LEAST_BLOCKS)
    seen = (beyond.value, beyond.n, allowed)
    if (held.worst or beyond).below(allowed, alpha):
        return Judgement.PASS, reasons.ShownFewer(*seen)
    if beyond.above(allowed, alpha):
        return Judgement.FAIL, reasons.ShownMore(*seen)
    if beyond.runs is not None and beyond.runs.alike.short:
        return Judgement.INCONCLUSIVE, reasons.RunsTooShort(*seen, beyond.n / beyond.blocks)
    return Judgement.INCONCLUSIVE, _untold(held, alpha) or reasons.NotShown(*seen)


def _untold(held: Held, alpha: float) -> Reason | None:
    """Why nothing is shown where answers don't tell: none does, or those that do would keep the promise."""
    if held.worst is None:
        return None
    if isinstance(held.estimate, Unknown):
        return held.estimate.reason
    kept = held.beyond.below(held.allowed, alpha)
    return reasons.QualityUntold(held.worst.value - held.beyond.value, held.beyond.n) if kept else None


def ceiling(target: str, name: str, metric: str, limit_usd: float, known: Known, month: str = EXPECTED) -> SloVerdict:
    """A monthly cost against the most that it may be, by the interval that it comes with."""
    promise = Slo(name, metric, limit_usd, "USD")
    judgement, reason = _within(known, limit_usd)
    return SloVerdict(target, month, promise, judgement, known, reason)


def _within(known: Known, limit: float) -> tuple[Judgement, Reason]:
    if isinstance(known, Unknown):
        return Judgement.INCONCLUSIVE, known.reason
    if known.blocks < LEAST_BLOCKS:
        return Judgement.INCONCLUSIVE, reasons.FewForVerdict(known.blocks, LEAST_BLOCKS)
    if known.high is not None and known.high <= limit:
        return Judgement.PASS, reasons.WithinLimit()
    if known.low is not None and known.low > limit:
        return Judgement.FAIL, reasons.BeyondLimit()
    return Judgement.INCONCLUSIVE, reasons.ContainsLimit()


def _share(runs: Sequence[RunData], hits: Sequence[np.ndarray], told: Runs | None = None) -> Share:
    counts = np.array([float(h.sum()) for h in hits])
    return share_of(counts, np.array([float(r.measured.sum()) for r in runs]), told)


def _complement(known: Known) -> Known:
    """Of a share that was missed: the share that was not."""
    if isinstance(known, Unknown):
        return known
    low = None if known.high is None else 1 - known.high
    high = None if known.low is None else 1 - known.low
    return Estimate(1 - known.value, low, high, known.confidence, known.n, known.blocks, known.method)
