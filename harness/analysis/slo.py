"""SLO verdicts, three-valued: PASS and FAIL need the whole interval on one side of the limit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from harness.analysis import availability, laws
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.jackknife import LEAST_BLOCKS, jackknife, ratio_of_totals
from harness.analysis.quantiles import quantile
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.verdict import Judgement, Slo, SloVerdict

MOST_BLOCKS_SAID = 200


def verdicts(
    data: Dataset,
    slos: Sequence[Slo],
    profiles: Sequence[str],
    limits: tuple[float, float | None],
    confidence: float = 0.95,
) -> tuple[SloVerdict, ...]:
    """Every SLO for every target under every judged profile, in that order; ``limits`` of what a good answer is."""
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
    limits: tuple[float, float | None] = (math.inf, None),
    confidence: float = 0.95,
) -> SloVerdict:
    """One SLO from one target's valid runs."""
    if slo.metric == "availability":
        return availability.verdict(target, profile, slo, runs)
    estimate = measured(slo.metric, runs, limits, confidence)
    judgement, reason = judge(estimate, slo, len(runs))
    needed = blocks_needed(estimate, slo.limit) if judgement is Judgement.INCONCLUSIVE else None
    return SloVerdict(target, profile, slo, judgement, estimate, reason, needed)


def measured(
    metric: str,
    runs: Sequence[RunData],
    limits: tuple[float, float | None] = (math.inf, None),
    confidence: float = 0.95,
) -> Known:
    """The estimate that an SLO's metric is judged by."""
    match metric:
        case "p95_s" | "p99_s":
            share = 0.95 if metric == "p95_s" else 0.99
            return quantile([r.measured_of(r.response_s) for r in runs], share, confidence)
        case "ttft_p95_s":
            return quantile([r.measured_of(r.ttft_s) for r in runs], 0.95, confidence)
        case "error_rate":
            return error_rate(runs, confidence)
        case "goodput":
            return goodput(runs, limits, confidence)
        case _:
            return Unknown(f"no metric {metric}")


def goodput(runs: Sequence[RunData], limits: tuple[float, float | None], confidence: float = 0.95) -> Known:
    """Share of the offered requests that were answered within every latency limit, from the share that was not."""
    missed = _share([int((r.measured & ~r.good(*limits)).sum()) for r in runs], runs, confidence, "not good")
    if isinstance(missed, Unknown):
        return missed
    low = None if missed.high is None else 1 - missed.high
    high = None if missed.low is None else 1 - missed.low
    method = missed.method.replace("not good", "good")
    return Estimate(1 - missed.value, low, high, missed.confidence, missed.n, missed.blocks, method)


def error_rate(runs: Sequence[RunData], confidence: float = 0.95) -> Known:
    """Share of measured requests that failed in any way."""
    return _share([int((r.measured & ~r.ok).sum()) for r in runs], runs, confidence, "failures")


def _share(counts: Sequence[int], runs: Sequence[RunData], confidence: float, what: str) -> Known:
    """Of the measured requests: block jackknife on (count + 0.5)/n.

    With none at all the exact one-sided limit 1 - alpha^(1/n) (Clopper-Pearson).
    """
    n, hit = np.array([int(r.measured.sum()) for r in runs]), np.array(counts)
    total, found = int(n.sum()), int(hit.sum())
    if total == 0:
        return Unknown("no measured request")
    if found == 0:
        exact = laws.none_of(total, confidence)
        return Estimate(0.0, 0.0, exact, confidence, total, len(runs), f"no {what}: exact one-sided limit")
    if len(runs) < 2:
        return Unknown(f"{len(runs)} valid block(s): an interval needs at least 2")
    share = found / total
    floor = math.sqrt((1 - share) / found)  # of ln(share) if requests were independent
    result = jackknife(ratio_of_totals(hit + 0.5, n), len(runs), floor)
    estimate = result.estimate(confidence, total, f"{what} over offered, block jackknife")
    most = None if estimate.high is None else min(1.0, estimate.high)
    return Estimate(share, estimate.low, most, confidence, total, len(runs), estimate.method)


def judge(estimate: Known, slo: Slo, blocks: int) -> tuple[Judgement, str]:
    """The word and why."""
    if isinstance(estimate, Unknown):
        if estimate.reason.startswith("infinite"):
            return Judgement.FAIL, f"the {slo.name.split()[0]} is {estimate.reason}"
        return Judgement.INCONCLUSIVE, estimate.reason
    if blocks < LEAST_BLOCKS:
        return Judgement.INCONCLUSIVE, f"{blocks} valid blocks; {LEAST_BLOCKS} are the least a verdict needs"
    if slo.at_least:
        kept = estimate.low is not None and estimate.low >= slo.limit
        broken = estimate.high is not None and estimate.high < slo.limit
    else:
        kept = estimate.high is not None and estimate.high <= slo.limit
        broken = estimate.low is not None and estimate.low > slo.limit
    if kept:
        return Judgement.PASS, "the whole interval lies within the limit"
    if broken:
        return Judgement.FAIL, "the whole interval lies beyond the limit"
    return Judgement.INCONCLUSIVE, "the interval contains the limit"


def ceiling(target: str, name: str, metric: str, limit_usd: float, known: Known) -> SloVerdict:
    """A monthly cost against the most that it may be."""
    promise = Slo(name, metric, limit_usd, "USD")
    judgement, reason = judge(known, promise, known.blocks if isinstance(known, Estimate) else 0)
    return SloVerdict(target, "expected traffic", promise, judgement, known, reason)


def blocks_needed(estimate: Known, limit: float) -> int | None:
    """Blocks in all after which the interval would clear the limit, were the estimate the truth.

    K ~ (t sd / gap)^2 on the log scale, sd the block-level deviation that the interval implies.
    """
    if isinstance(estimate, Unknown):
        return LEAST_BLOCKS if "block" in estimate.reason else None
    if estimate.value == 0 and 0 < limit < 1:  # no failure so far: the exact limit 1 - 0.05^(1/n) must reach it
        n = math.log(0.05) / math.log(1 - limit)
        return max(estimate.blocks + 1, math.ceil(n / estimate.n * estimate.blocks))
    if estimate.low is None or estimate.high is None or estimate.low <= 0 or estimate.value <= 0 or limit <= 0:
        return None
    gap = abs(math.log(limit / estimate.value))
    half = math.log(estimate.high / estimate.value)
    if gap < 1e-9:
        return None
    needed = math.ceil(estimate.blocks * (half / gap) ** 2)
    return max(estimate.blocks + 1, LEAST_BLOCKS, needed) if needed <= MOST_BLOCKS_SAID else None
