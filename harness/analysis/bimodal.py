"""A p95 that cold answers reach: warm p95 and cold share are compared apart, and a verdict stands only where they agree.

With 3 to 8 % of answers cold the p95 lies in the cold mode or beside it by chance, and a
plain comparison of two equal targets errs in about 15 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from harness.analysis.coded import is_known, is_true
from harness.analysis.dataset import RunData
from harness.analysis.jackknife import jackknife, ratio_of_totals
from harness.analysis.pooled import Array
from harness.domain.estimate import Estimate
from harness.domain.verdict import Comparison, Relation

MATTERS = 0.005  # of a target's answers cold: below it they lie well beyond the p95
SIGNS = {Relation.WORSE: 1, Relation.BETTER: -1, Relation.EQUIVALENT: 0}


def _counts(runs: Sequence[RunData]) -> tuple[Array, Array]:
    """By run: measured answers that were cold, and those that can tell."""
    told = [r.columns["cold"][r.measured & r.ok] for r in runs]
    cold = np.array([int(is_true(column).sum()) for column in told])
    return cold, np.array([int(is_known(column).sum()) for column in told])


def cold_share(runs: Sequence[RunData]) -> float | None:
    """Of the measured answers that can tell; None where none can."""
    cold, known = _counts(runs)
    return float(cold.sum() / known.sum()) if known.sum() else None


def matters(candidate: Sequence[RunData], baseline: Sequence[RunData]) -> bool:
    """Whether cold answers are frequent enough to decide a p95."""
    return max(cold_share(candidate) or 0.0, cold_share(baseline) or 0.0) >= MATTERS


def warm_only(run: RunData, values: Array) -> Array:
    """``values`` of measured arrivals without those that were answered cold; failures stay."""
    chosen: Array = values[run.measured & ~is_true(run.columns["cold"])]
    kept: Array = chosen[~np.isnan(chosen)]
    return kept


def cold_direction(candidate: Sequence[RunData], baseline: Sequence[RunData], confidence: float) -> int:
    """1 where the candidate's cold share is shown to be larger, -1 where smaller, 0 where neither is shown."""
    (cold_a, known_a), (cold_b, known_b) = _counts(candidate), _counts(baseline)
    if not (known_a.all() and known_b.all()):
        return 0
    top, bottom = ratio_of_totals(cold_a + 0.5, known_a), ratio_of_totals(cold_b + 0.5, known_b)
    result = jackknife(lambda kept: top(kept) - bottom(kept), len(candidate))
    if not result.bounded:
        return 0
    found = result.estimate(confidence, 1, "")
    if found.low is not None and found.low > 1:
        return 1
    return -1 if found.high is not None and found.high < 1 else 0


def agreed(
    whole: Comparison, warm: Callable[[], Comparison], cold: int, shares: tuple[float | None, float | None]
) -> Comparison:
    """The comparison where its parts agree with it; else UNRESOLVED, with both parts told."""
    sign = SIGNS.get(whole.relation)
    if sign is None or not isinstance(whole.ratio, Estimate):
        return whole  # nothing shown, or decided by failures, which are in neither part
    parts = warm()
    warm_sign = SIGNS.get(parts.relation)
    holds = {
        0: warm_sign == 0 and cold == 0,
        1: (warm_sign == 1 and cold >= 0) or (warm_sign == 0 and cold == 1),
        -1: (warm_sign == -1 and cold <= 0) or (warm_sign == 0 and cold == -1),
    }[sign]
    ratio = f"{parts.ratio.value:.2f}" if isinstance(parts.ratio, Estimate) else "not known"
    words = (
        f"cold answers reach the p95 ({_said(shares[0])} of the candidate's, {_said(shares[1])} of the baseline's): "
        f"warm p95 alone is {parts.relation.value} (ratio {ratio}), cold share "
        f"{ {1: 'larger', -1: 'smaller', 0: 'not shown different'}[cold] }"
    )
    if holds:
        return replace(whole, reason=f"{whole.reason}; {words}, which agrees")
    return replace(
        whole, relation=Relation.UNRESOLVED, reason=f"{words}, which does not agree with {whole.relation.value}"
    )


def _said(share: float | None) -> str:
    return "an unknown share" if share is None else f"{share * 100:.1f} %"
