"""Candidate against baseline, paired by block: EQUIVALENT, BETTER, WORSE or UNRESOLVED."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis import laws
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.paired import Paired, difference
from harness.analysis.pooled import Array
from harness.analysis.shares import LEAST_BLOCKS
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons import absence
from harness.domain.reasons import verdict as reasons
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
            profile,
            metric,
            data.of(data.candidate, profile),
            data.of(data.baseline, profile),
            margin,
            limits,
            confidence,
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
                why = reasons.NotByHolm(c.relation.value, len(family), primary)
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
        with_data = sum(1 for x, y in zip(a, b, strict=False) if len(x) and len(y))
        why = absence.FewForComparison(with_data, LEAST_BLOCKS)
        return Comparison(profile, metric, Relation.UNRESOLVED, Unknown(why), margin, why)
    limit = {"p95_s": limits[0], "ttft_p95_s": limits[1]}.get(metric)
    told = tell(a, b, limit, margin, confidence)
    ratio = _ratio(told, confidence)
    return Comparison(
        profile,
        metric,
        told.relation,
        ratio,
        margin,
        _why(told, margin, 1 - confidence),
        within_margin_but_different=told.different and told.relation is Relation.EQUIVALENT,
        p_value=told.p_value,
        beyond=told.beyond,
    )


@dataclass(frozen=True)
class Told:
    """What two targets' values tell of each other, before any correction and without the ratio's interval."""

    pair: Paired
    relation: Relation
    p_value: float | None
    beyond: Known
    by_share: bool  # failures may reach both percentiles, so that only shares can be compared

    different: bool

    @property
    def one_infinite(self) -> bool:
        """Exactly one of the two percentiles is infinite."""
        return not self.by_share and not 0 < self.pair.value < math.inf


def tell(
    candidate: Sequence[Array], baseline: Sequence[Array], limit: float | None, margin: float, confidence: float
) -> Told:
    """One value a request, blocks in one order, +inf a failure; nothing is decided below six blocks."""
    pair, alpha = Paired(candidate, baseline, P), 1 - confidence
    beyond, p_beyond = difference(_beyond(candidate, limit), _beyond(baseline, limit), confidence)
    most = laws.t_quantile(1 - alpha / 2, pair.blocks - 1) ** 2
    if pair.both_infinite <= most:
        higher, p_value = isinstance(beyond, Estimate) and beyond.value > 0, p_beyond
        by_share = True
    else:
        higher, p_value = pair.value > 1, pair.p_value(1.0)
        by_share = False
    different = p_value is not None and p_value <= alpha
    relation = Relation.UNRESOLVED
    if pair.blocks >= LEAST_BLOCKS:
        if not by_share and _within(pair, margin, alpha):
            relation = Relation.EQUIVALENT
        elif different:
            relation = Relation.WORSE if higher else Relation.BETTER
    return Told(pair, relation, p_value, beyond, by_share, different)


def _within(pair: Paired, margin: float, alpha: float) -> bool:
    """Both one-sided tests at the margin's ends (TOST), each at ``alpha``."""
    inside = 1 / margin < pair.value < margin
    return inside and all(pair.p_value(end) <= 2 * alpha for end in (margin, 1 / margin))


def _ratio(told: Told, confidence: float) -> Known:
    pair = told.pair
    if told.one_infinite or math.isnan(pair.value) or not 0 < pair.value < math.inf:
        return Unknown(_no_ratio(told), pair.n, pair.blocks)
    low, high = pair.interval(confidence)
    why = None if low is not None and high is not None else absence.FailuresReach()
    method = "paired distribution functions inverted"
    return Estimate(pair.value, low, high, confidence, pair.n, pair.blocks, method, why)


def _no_ratio(told: Told) -> absence.Absence:
    if told.by_share:
        return absence.BothFailed(1 - P)
    return absence.OneInfinite("candidate" if told.pair.value > 1 else "baseline", 1 - P)


def _why(told: Told, margin: float, alpha: float) -> Reason:
    """No rule reads it."""
    if told.pair.blocks < LEAST_BLOCKS:
        return reasons.FewPairs(told.pair.blocks, LEAST_BLOCKS)
    if told.relation is Relation.EQUIVALENT:
        return reasons.WithinMargin(1 - 2 * alpha, margin - 1)
    if told.relation in DIFFERENT:
        return _shown(told)
    if told.by_share:
        return reasons.SharesAlike(_no_ratio(told))
    return reasons.InfiniteByChance(_no_ratio(told)) if told.one_infinite else reasons.NeitherShown()


def _shown(told: Told) -> Reason:
    if told.by_share:
        assert isinstance(told.beyond, Estimate)
        return reasons.SharesDiffer(_no_ratio(told), told.beyond.value)
    if told.one_infinite:
        return reasons.InfiniteShown(_no_ratio(told))
    return reasons.WholeAbove() if told.relation is Relation.WORSE else reasons.WholeBelow()


def _beyond(values: Sequence[Array], limit: float | None) -> tuple[Array, Array]:
    """Hits and totals by block; without a limit a hit is a failure."""
    hits = [np.isinf(v).sum() if limit is None or math.isinf(limit) else (v > limit).sum() for v in values]
    return np.array(hits, dtype=float), np.array([len(v) for v in values], dtype=float)


def _series(run: RunData, metric: str) -> Array:
    if metric == "p95_s":
        return run.response_s
    return run.ttft_s if metric == "ttft_p95_s" else run.overhead_s
