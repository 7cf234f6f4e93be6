"""Candidate against baseline, paired by block: EQUIVALENT, BETTER, WORSE or UNRESOLVED."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from harness.analysis import bimodal, laws
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.jackknife import LEAST_BLOCKS, Jackknifed, jackknife
from harness.analysis.pooled import Array
from harness.analysis.quantiles import inverted_cdf, log_ratio
from harness.domain.estimate import Estimate, Unknown
from harness.domain.verdict import PRIMARY, Comparison, Relation

METRICS = ("p95_s", "ttft_p95_s", "overhead_p95_s")


def comparisons(
    data: Dataset,
    profiles: Sequence[str],
    margin: float,
    limits: tuple[float, float | None],
    confidence: float = 0.95,
) -> tuple[Comparison, ...]:
    """Every latency metric under every judged profile; exploratory ones are held to Holm's correction together."""
    made = [
        compare(
            *(profile, metric, data.of(data.candidate, profile), data.of(data.baseline, profile)),
            *(margin, limits, confidence),
        )
        for profile in profiles
        if profile in data.profiles
        for metric in METRICS
    ]
    return tuple(_corrected(made, 1 - confidence))


def _corrected(made: Sequence[Comparison], alpha: float) -> list[Comparison]:
    """A BETTER or WORSE of an exploratory comparison stands only where its corrected p does."""
    tested = [c for c in made if c.metric not in PRIMARY and c.p_value is not None]
    corrected = dict(zip(map(id, tested), holm([c.p_value or 0.0 for c in tested]), strict=True))
    out = []
    for c in made:
        if c.metric in PRIMARY:
            out.append(c)
            continue
        p = corrected.get(id(c))
        found = replace(c, exploratory=True, p_value=p)
        if p is not None and p > alpha and c.relation in (Relation.BETTER, Relation.WORSE):
            why = (
                f"{c.relation.value} by itself, not after Holm's correction over {len(tested)} exploratory comparisons"
            )
            found = replace(found, relation=Relation.UNRESOLVED, reason=why)
        out.append(found)
    return out


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values: the k-th smallest times (n - k + 1), never falling, at most 1."""
    order = sorted(range(len(p_values)), key=lambda k: p_values[k])
    out, least = [0.0] * len(p_values), 0.0
    for rank, k in enumerate(order):
        least = max(least, min(1.0, p_values[k] * (len(p_values) - rank)))
        out[k] = least
    return out


def compare(
    profile: str,
    metric: str,
    candidate: Sequence[RunData],
    baseline: Sequence[RunData],
    margin: float,
    limits: tuple[float, float | None],
    confidence: float = 0.95,
) -> Comparison:
    """One metric's p95 ratio; an infinite side loses, two infinite sides are compared by goodput over offered."""
    whole = _compare(
        profile, metric, candidate, baseline, margin, limits, confidence, lambda r: r.measured_of(_series(r, metric))
    )
    if len(candidate) < 2 or len(candidate) != len(baseline) or not bimodal.matters(candidate, baseline):
        return whole
    return bimodal.agreed(
        whole,
        lambda: _compare(
            *(profile, metric, candidate, baseline, margin, limits, confidence),
            lambda r: bimodal.warm_only(r, _series(r, metric)),
        ),
        bimodal.cold_direction(candidate, baseline, confidence),
        (bimodal.cold_share(candidate), bimodal.cold_share(baseline)),
    )


def _compare(
    profile: str,
    metric: str,
    candidate: Sequence[RunData],
    baseline: Sequence[RunData],
    margin: float,
    limits: tuple[float, float | None],
    confidence: float,
    values: Callable[[RunData], Array],
) -> Comparison:
    a, b = [values(r) for r in candidate], [values(r) for r in baseline]
    if len(a) != len(b) or len(a) < 2 or not all(len(x) for x in (*a, *b)):
        why = f"{min(len(a), len(b))} paired valid block(s) with data; {LEAST_BLOCKS} are the least"
        return Comparison(profile, metric, Relation.UNRESOLVED, Unknown(why), margin, why)
    infinite_a = inverted_cdf(np.concatenate(a), 0.95) == math.inf
    infinite_b = inverted_cdf(np.concatenate(b), 0.95) == math.inf
    if infinite_a and infinite_b:
        return _by_goodput(profile, metric, candidate, baseline, margin, limits, confidence)
    if infinite_a or infinite_b:
        relation = Relation.WORSE if infinite_a else Relation.BETTER
        who = "the candidate's" if infinite_a else "the baseline's"
        why = f"{who} p95 is infinite: more than 5 % of its requests failed"
        return Comparison(profile, metric, relation, Unknown(why), margin, why)
    result = log_ratio(a, b, 0.95)
    ratio = result.estimate(confidence, sum(map(len, a)) + sum(map(len, b)), "paired block jackknife of the log ratio")
    return replace(relate(profile, metric, result, ratio, margin), p_value=_p_value(result))


def _p_value(result: Jackknifed) -> float | None:
    """Two-sided, of a ratio of 1."""
    if not result.bounded or result.se <= 0:
        return None
    return laws.t_two_sided(result.log_value / result.se, result.blocks - 1)


def relate(profile: str, metric: str, result: Jackknifed, ratio: Estimate, margin: float) -> Comparison:
    """The relation of a ratio whose smaller is better: EQUIVALENT (TOST: 90 % interval within the margin) first."""
    if not result.bounded:
        why = "one block carries the failures: without it the p95 is finite, so no interval holds"
        return Comparison(profile, metric, Relation.UNRESOLVED, ratio, margin, why)
    if result.blocks < LEAST_BLOCKS:
        why = f"{result.blocks} paired blocks; {LEAST_BLOCKS} are the least a verdict needs"
        return Comparison(profile, metric, Relation.UNRESOLVED, ratio, margin, why)
    inner = result.estimate(0.90, ratio.n, "TOST")
    assert ratio.low is not None
    assert ratio.high is not None
    different = ratio.low > 1 or ratio.high < 1
    if inner.within(1 / margin, margin):
        why = f"the 90 % interval lies within the sealed margin of {(margin - 1) * 100:.0f} %"
        return Comparison(profile, metric, Relation.EQUIVALENT, ratio, margin, why, different)
    if ratio.high < 1:
        return Comparison(profile, metric, Relation.BETTER, ratio, margin, "the whole interval lies below 1")
    if ratio.low > 1:
        return Comparison(profile, metric, Relation.WORSE, ratio, margin, "the whole interval lies above 1")
    return Comparison(profile, metric, Relation.UNRESOLVED, ratio, margin, "not shown different, not shown equivalent")


def _by_goodput(
    profile: str,
    metric: str,
    candidate: Sequence[RunData],
    baseline: Sequence[RunData],
    margin: float,
    limits: tuple[float, float | None],
    confidence: float,
) -> Comparison:
    """Share of offered requests answered within every limit, baseline over candidate, so that below 1 is better."""

    def share(runs: Sequence[RunData], kept: Sequence[int]) -> float:
        good = sum(int((runs[k].good(*limits) & runs[k].measured).sum()) for k in kept)
        offered = sum(int(runs[k].measured.sum()) for k in kept)
        return math.log((good + 0.5) / offered)

    result = jackknife(lambda kept: share(baseline, kept) - share(candidate, kept), len(candidate))
    n = sum(int(r.measured.sum()) for r in (*candidate, *baseline))
    ratio = result.estimate(confidence, n, "goodput over offered, baseline over candidate, paired block jackknife")
    found = relate(profile, metric, result, ratio, margin)
    why = f"both p95 are infinite, so goodput over offered is compared: {found.reason}"
    return Comparison(profile, metric, found.relation, ratio, margin, why, found.within_margin_but_different)


def _series(run: RunData, metric: str) -> Array:
    if metric == "p95_s":
        return run.response_s
    return run.ttft_s if metric == "ttft_p95_s" else run.overhead_s
