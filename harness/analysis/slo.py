"""SLO verdicts, three-valued: PASS and FAIL need the whole interval on one side of the limit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from harness.analysis.dataset import Dataset, RunData
from harness.analysis.jackknife import LEAST_BLOCKS, jackknife, ratio_of_totals
from harness.analysis.quantiles import quantile
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.verdict import Judgement, Slo, SloVerdict

MOST_BLOCKS_SAID = 200


def verdicts(data: Dataset, slos: Sequence[Slo], profiles: Sequence[str]) -> tuple[SloVerdict, ...]:
    """Every SLO for every target under every judged profile, in that order."""
    return tuple(
        verdict(target, profile, slo, data.of(target, profile))
        for profile in profiles
        if profile in data.profiles
        for slo in slos
        for target in dict.fromkeys(data.targets)
    )


def verdict(target: str, profile: str, slo: Slo, runs: Sequence[RunData]) -> SloVerdict:
    """One SLO from one target's valid runs."""
    estimate = measured(slo.metric, runs)
    judgement, reason = judge(estimate, slo, len(runs))
    needed = blocks_needed(estimate, slo.limit) if judgement is Judgement.INCONCLUSIVE else None
    return SloVerdict(target, profile, slo, judgement, estimate, reason, needed)


def measured(metric: str, runs: Sequence[RunData]) -> Known:
    """The estimate that an SLO's metric is judged by."""
    if metric == "p95_s":
        return quantile([r.measured_of(r.response_s) for r in runs], 0.95)
    if metric == "ttft_p95_s":
        return quantile([r.measured_of(r.ttft_s) for r in runs], 0.95)
    if metric == "error_rate":
        return error_rate(runs)
    return Unknown(f"no metric {metric}")


def error_rate(runs: Sequence[RunData]) -> Known:
    """Share of measured requests that failed in any way.

    Block jackknife on (failures + 0.5)/n; with no failure at all the exact one-sided
    limit 1 - 0.05^(1/n) (Clopper-Pearson).
    """
    n = np.array([int(r.measured.sum()) for r in runs])
    failed = np.array([int((r.measured & ~r.ok).sum()) for r in runs])
    total, failures = int(n.sum()), int(failed.sum())
    if total == 0:
        return Unknown("no measured request")
    if failures == 0:
        high = float(stats.binomtest(0, total, alternative="less").proportion_ci(0.95, "exact").high)
        return Estimate(0.0, 0.0, high, 0.95, total, len(runs), "no failure: exact one-sided limit")
    if len(runs) < 2:
        return Unknown(f"{len(runs)} valid block(s): an interval needs at least 2")
    share = failures / total
    floor = math.sqrt((1 - share) / failures)  # of ln(share) if requests were independent
    result = jackknife(ratio_of_totals(failed + 0.5, n), len(runs), floor)
    estimate = result.estimate(0.95, total, "failures over offered, block jackknife")
    most = None if estimate.high is None else min(1.0, estimate.high)
    return Estimate(share, estimate.low, most, 0.95, total, len(runs), estimate.method)


def judge(estimate: Known, slo: Slo, blocks: int) -> tuple[Judgement, str]:
    """The word and why."""
    if isinstance(estimate, Unknown):
        if estimate.reason.startswith("infinite"):
            return Judgement.FAIL, f"the p95 is {estimate.reason}"
        return Judgement.INCONCLUSIVE, estimate.reason
    if blocks < LEAST_BLOCKS:
        return Judgement.INCONCLUSIVE, f"{blocks} valid blocks; {LEAST_BLOCKS} are the least a verdict needs"
    if estimate.high is not None and estimate.high <= slo.limit:
        return Judgement.PASS, "the whole interval lies within the limit"
    if estimate.low is not None and estimate.low > slo.limit:
        return Judgement.FAIL, "the whole interval lies beyond the limit"
    return Judgement.INCONCLUSIVE, "the interval contains the limit"


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
