"""Candidate against baseline, paired by block: EQUIVALENT, BETTER, WORSE or UNRESOLVED."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from harness.analysis import laws
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.paired import Paired, difference
from harness.analysis.pooled import Array
from harness.analysis.shares import LEAST_BLOCKS
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.verdict import PRIMARY, Comparison, Relation

METRICS = ("p95_s", "ttft_p95_s", "overhead_p95_s")
P = 0.95
DIFFERENT = (Relation.BETTER, Relation.WORSE)


def comparisons(
    data: Dataset,
    profiles: Sequence[str],
    margin: float,
    limits: tuple[float, float | None],
    confidence: float = 0.95,
) -> tuple[Comparison, ...]:
    """Every latency metric under every judged profile.

    BETTER and WORSE of all co-primary ones together are held to ``1 - confidence`` by
    Holm's correction, over metrics and profiles; exploratory ones to as much by themselves.
    """
    made = [
        compare(
            *(profile, metric, data.of(data.candidate, profile), data.of(data.baseline, profile)),
            *(margin, limits, confidence),
        )
        for profile in profiles
        if profile in data.profiles
        for metric in METRICS
    ]
    return tuple(corrected(made, 1 - confidence))


def corrected(made: Sequence[Comparison], alpha: float) -> list[Comparison]:
    """In the order given: a BETTER or WORSE stands only where its p value, corrected within its family, does."""
    out = {id(c): c for c in made}
    for primary in (True, False):
        family = [c for c in made if (c.metric in PRIMARY) is primary]
        adjusted = holm([1.0 if c.p_value is None else c.p_value for c in family])
        for c, p in zip(family, adjusted, strict=True):
            found = replace(c, exploratory=not primary, family=len(family), p_value=None if c.p_value is None else p)
            if p > alpha and c.relation in DIFFERENT:
                kind = "co-primary" if primary else "exploratory"
                why = f"{c.relation.value} by itself, not by Holm's correction over {len(family)} {kind} comparisons"
                found = replace(found, relation=Relation.UNRESOLVED, reason=why)
            out[id(c)] = found
    return [out[id(c)] for c in made]


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
    """One metric's p95 by itself; where failures may reach both percentiles, the share beyond the limit decides."""
    a, b = ([r.measured_of(_series(r, metric)) for r in runs] for runs in (candidate, baseline))
    if len(a) != len(b) or len(a) < 2 or not all(len(x) for x in (*a, *b)):
        why = f"{min(len(a), len(b))} paired valid block(s) with data; {LEAST_BLOCKS} are the least"
        return Comparison(profile, metric, Relation.UNRESOLVED, Unknown(why), margin, why)
    pair = Paired(a, b, P)
    limit = {"p95_s": limits[0], "ttft_p95_s": limits[1]}.get(metric)
    beyond, p_beyond = difference(_beyond(a, limit), _beyond(b, limit), confidence)
    alpha = 1 - confidence
    if pair.both_infinite <= laws.t_quantile(1 - alpha / 2, len(a) - 1) ** 2:
        found = _by_share(pair, beyond, p_beyond, alpha, confidence)
    elif not 0 < pair.value < math.inf:
        found = _one_infinite(pair, alpha)
    else:
        found = _by_ratio(pair, margin, alpha, confidence)
    relation, ratio, why, p_value, different = found
    if len(a) < LEAST_BLOCKS:
        why, relation = f"{len(a)} paired blocks; {LEAST_BLOCKS} are the least a verdict needs", Relation.UNRESOLVED
        different = False
    return Comparison(profile, metric, relation, ratio, margin, why, different, p_value=p_value, beyond=beyond)


Found = tuple[Relation, Known, str, float | None, bool]


def _by_ratio(pair: Paired, margin: float, alpha: float, confidence: float) -> Found:
    """EQUIVALENT first: both one-sided tests at the margin's ends (TOST), each at ``alpha``."""
    p_value = pair.p_value(1.0)
    low, high = pair.interval(confidence)
    open_ = "" if low is not None and high is not None else "failures may reach a percentile"
    ratio = Estimate(
        pair.value, low, high, confidence, pair.n, pair.blocks, "paired distribution functions inverted", open_
    )
    different = p_value <= alpha
    inside = 1 / margin < pair.value < margin
    if inside and all(pair.p_value(end) <= 2 * alpha for end in (margin, 1 / margin)):
        why = f"the {(1 - 2 * alpha) * 100:g} % interval lies within the sealed margin of {(margin - 1) * 100:.0f} %"
        return Relation.EQUIVALENT, ratio, why, p_value, different
    if different and pair.value < 1:
        return Relation.BETTER, ratio, "the whole interval lies below 1", p_value, False
    if different:
        return Relation.WORSE, ratio, "the whole interval lies above 1", p_value, False
    return Relation.UNRESOLVED, ratio, "not shown different, not shown equivalent", p_value, False


def _one_infinite(pair: Paired, alpha: float) -> Found:
    """The same test of a ratio of 1; the ratio itself is no number."""
    worse = pair.value > 1
    who = "candidate" if worse else "baseline"
    words = f"the p95 of the {who} is infinite: more than {(1 - P) * 100:.0f} % of its requests failed"
    p_value = pair.p_value(1.0)
    ratio = Unknown(words, pair.n, pair.blocks)
    if p_value > alpha:
        return Relation.UNRESOLVED, ratio, f"{words}, which may be chance", p_value, False
    return (Relation.WORSE if worse else Relation.BETTER), ratio, f"{words}, shown not to be chance", p_value, False


def _by_share(pair: Paired, beyond: Known, p_value: float | None, alpha: float, confidence: float) -> Found:
    """Failures may make both percentiles infinite, so no ratio is refused; the shares can still be told apart."""
    words = f"about {(1 - P) * 100:.0f} % or more failed on both, so their p95 cannot be told apart"
    ratio: Known = Unknown(words, pair.n, pair.blocks)
    if 0 < pair.value < math.inf:
        ratio = Estimate(
            pair.value, None, None, confidence, pair.n, pair.blocks, "paired distribution functions inverted", words
        )
    if isinstance(beyond, Unknown) or p_value is None or p_value > alpha:
        return Relation.UNRESOLVED, ratio, f"{words}, and neither can the share beyond the limit", p_value, False
    worse = beyond.value > 0
    more = (
        f"{abs(beyond.value) * 100:.3g} points {'more' if worse else 'fewer'} of the candidate's are beyond the limit"
    )
    return (Relation.WORSE if worse else Relation.BETTER), ratio, f"{words}; {more}", p_value, False


def _beyond(values: Sequence[Array], limit: float | None) -> tuple[Array, Array]:
    """Hits and totals by block; without a limit a hit is a failure."""
    hits = [np.isinf(v).sum() if limit is None or math.isinf(limit) else (v > limit).sum() for v in values]
    return np.array(hits, dtype=float), np.array([len(v) for v in values], dtype=float)


def _series(run: RunData, metric: str) -> Array:
    if metric == "p95_s":
        return run.response_s
    return run.ttft_s if metric == "ttft_p95_s" else run.overhead_s
