"""SLO verdicts: the share of requests that broke the promise against the share that may, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis import availability
from harness.analysis.blocks_needed import blocks_needed
from harness.analysis.columns import Array
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.likeness import Runs
from harness.analysis.pooled import Pooled
from harness.analysis.quantiles import percentile
from harness.analysis.shares import LEAST_BLOCKS, Share, share_of
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.verdict import Judgement, Slo, SloVerdict

PERCENTILES = {"p95_s": 0.95, "p99_s": 0.99, "ttft_p95_s": 0.95, "first_reasoning_p95_s": 0.95}
STREAMED = frozenset({"ttft_p95_s", "first_reasoning_p95_s"})  # promises that whole answers neither keep nor break
Limits = tuple[float, float | None]  # of a good answer: response time, time to first token
NO_LIMITS: Limits = (math.inf, None)


@dataclass(frozen=True)
class Held:
    """A promise held to what was measured: how many broke it, how many may, and the measure as people read it."""

    beyond: Share
    allowed: float
    estimate: Known


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
        unknown = Unknown(f"no metric {slo.metric}")
        return SloVerdict(target, profile, slo, Judgement.INCONCLUSIVE, unknown, unknown.reason)
    judgement, reason = judge(held, (1 - confidence) / 2)
    alpha, is_open = (1 - confidence) / 2, judgement is Judgement.INCONCLUSIVE
    needed = blocks_needed(held.beyond, held.allowed, alpha) if is_open else None
    beyond = held.beyond.estimate(confidence, held.allowed)
    return SloVerdict(target, profile, slo, judgement, held.estimate, reason, needed, beyond, held.allowed)


def measured(metric: str, runs: Sequence[RunData], limits: Limits = NO_LIMITS, confidence: float = 0.95) -> Known:
    """The measure alone, held to no promise."""
    held = hold(Slo(metric, metric, math.inf, ""), runs, limits, confidence)
    return Unknown(f"no metric {metric}") if held is None else held.estimate


def allowed_share(slo: Slo) -> float | None:
    """Share of requests that may break the promise; None for a metric that is not judged by a share."""
    if (p := PERCENTILES.get(slo.metric)) is not None:
        return 1 - p
    return {"error_rate": slo.limit, "goodput": 1 - slo.limit}.get(slo.metric)


def hold(slo: Slo, runs: Sequence[RunData], limits: Limits, confidence: float) -> Held | None:
    """None for a metric that nobody knows."""
    allowed = allowed_share(slo)
    if allowed is None:
        return None
    if (p := PERCENTILES.get(slo.metric)) is not None:
        pooled = Pooled([r.measured_of(_waited_s(r, slo.metric)) for r in runs])
        beyond = share_of(pooled.beyond(slo.limit), pooled.totals, pooled.runs(slo.limit))
        return Held(beyond, allowed, percentile(pooled, p, confidence, slo.limit))
    if slo.metric == "error_rate":
        failed = _share(runs, [r.measured & ~r.ok for r in runs])
        return Held(failed, allowed, failed.estimate(confidence, allowed))
    times = Pooled([r.measured_of(r.response_s) for r in runs])
    missed = _share(runs, [r.measured & ~r.good(*limits) for r in runs], times.runs(limits[0]))
    return Held(missed, allowed, _complement(missed.estimate(confidence, allowed)))


def _waited_s(run: RunData, metric: str) -> Array:
    match metric:
        case "ttft_p95_s":
            return run.ttft_s
        case "first_reasoning_p95_s":
            return run.first_sign_s
        case _:
            return run.response_s


def judge(held: Held, alpha: float) -> tuple[Judgement, str]:
    """The word and why; ``alpha`` is the one-sided error of this look."""
    beyond, allowed = held.beyond, held.allowed
    if beyond.blocks < LEAST_BLOCKS:
        few = f"{beyond.blocks} valid blocks; {LEAST_BLOCKS} are the least a verdict needs"
        return Judgement.INCONCLUSIVE, "no measured request" if not beyond.n else few
    seen = f"{_percent(beyond.value)} of {beyond.n:.0f} requests are beyond the limit, {_percent(allowed)} may be"
    if beyond.below(allowed, alpha):
        return Judgement.PASS, f"{seen}: shown to be fewer"
    if beyond.above(allowed, alpha):
        return Judgement.FAIL, f"{seen}: shown to be more"
    if beyond.runs is not None and beyond.runs.alike.short:
        short = (
            f"a run of {beyond.n / beyond.blocks:.0f} requests is shorter than what its requests remember of each other"
        )
        return (
            Judgement.INCONCLUSIVE,
            f"{seen}: not shown, for {short}; longer runs would tell, rather than more of them",
        )
    return Judgement.INCONCLUSIVE, f"{seen}: shown neither to be fewer nor to be more"


def ceiling(target: str, name: str, metric: str, limit_usd: float, known: Known) -> SloVerdict:
    """A monthly cost against the most that it may be, by the interval that it comes with."""
    promise = Slo(name, metric, limit_usd, "USD")
    judgement, reason = _within(known, limit_usd)
    return SloVerdict(target, "expected traffic", promise, judgement, known, reason)


def _within(known: Known, limit: float) -> tuple[Judgement, str]:
    if isinstance(known, Unknown):
        return Judgement.INCONCLUSIVE, known.reason
    if known.blocks < LEAST_BLOCKS:
        return Judgement.INCONCLUSIVE, f"{known.blocks} valid blocks; {LEAST_BLOCKS} are the least a verdict needs"
    if known.high is not None and known.high <= limit:
        return Judgement.PASS, "the whole interval lies within the limit"
    if known.low is not None and known.low > limit:
        return Judgement.FAIL, "the whole interval lies beyond the limit"
    return Judgement.INCONCLUSIVE, "the interval contains the limit"


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


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"
