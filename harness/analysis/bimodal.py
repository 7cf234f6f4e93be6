"""A p95 that cold answers reach: warm p95 and cold share are compared apart, and a verdict stands only where they agree.

With 3 to 8 % of answers cold the p95 lies in the cold mode or beside it by chance, and a
plain comparison of two equal targets errs in about 15 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from harness.analysis.columns import is_known, is_true
from harness.analysis.dataset import RunData
from harness.analysis.jackknife import jackknife, ratio_of_totals
from harness.analysis.pooled import Array
from harness.domain.estimate import Estimate
from harness.domain.verdict import Comparison, Relation

MATTERS = 0.005  # of a target's answers cold: below it they lie well beyond the p95
SIGNS = {Relation.WORSE: 1, Relation.BETTER: -1, Relation.EQUIVALENT: 0}


def cold_share(runs: Sequence[RunData]) -> float:
    """Of the measured answers that can tell; 0 where none can."""
    told = [r.columns["cold"][r.measured & r.ok] for r in runs]
    known = sum(int(is_known(column).sum()) for column in told)
    return sum(int(is_true(column).sum()) for column in told) / known if known else 0.0


def matters(candidate: Sequence[RunData], baseline: Sequence[RunData]) -> bool:
    """Whether cold answers are frequent enough to decide a p95."""
    return max(cold_share(candidate), cold_share(baseline)) >= MATTERS


def warm_only(run: RunData, values: Array) -> Array:
    """``values`` of measured arrivals without those that were answered cold; failures stay."""
    chosen: Array = values[run.measured & ~is_true(run.columns["cold"])]
    kept: Array = chosen[~np.isnan(chosen)]
    return kept


def cold_direction(candidate: Sequence[RunData], baseline: Sequence[RunData], confidence: float) -> int:
    """1 where the candidate's cold share is shown to be larger, -1 where smaller, 0 where neither is shown."""

    def counts(runs: Sequence[RunData]) -> tuple[Array, Array]:
        hit = [int(is_true(r.columns["cold"][r.measured & r.ok]).sum()) for r in runs]
        return np.array(hit) + 0.5, np.array([int((r.measured & r.ok).sum()) for r in runs])

    top, bottom = ratio_of_totals(*counts(candidate)), ratio_of_totals(*counts(baseline))
    result = jackknife(lambda kept: top(kept) - bottom(kept), len(candidate))
    if not result.bounded:
        return 0
    found = result.estimate(confidence, 1, "")
    if found.low is not None and found.low > 1:
        return 1
    return -1 if found.high is not None and found.high < 1 else 0


def agreed(whole: Comparison, warm: Callable[[], Comparison], cold: int, shares: tuple[float, float]) -> Comparison:
    """The comparison where its parts agree with it; else UNRESOLVED, with both parts told."""
    parts = warm()
    sign, warm_sign = SIGNS.get(whole.relation), SIGNS.get(parts.relation)
    if sign is None:
        return whole
    holds = {
        0: warm_sign == 0 and cold == 0,
        1: (warm_sign == 1 and cold >= 0) or (warm_sign == 0 and cold == 1),
        -1: (warm_sign == -1 and cold <= 0) or (warm_sign == 0 and cold == -1),
    }[sign]
    ratio = f"{parts.ratio.value:.2f}" if isinstance(parts.ratio, Estimate) else "not known"
    words = (
        f"cold answers reach the p95 ({shares[0] * 100:.1f} % of the candidate's, {shares[1] * 100:.1f} % of the baseline's): "
        f"warm p95 alone is {parts.relation.value} (ratio {ratio}), cold share "
        f"{ {1: 'larger', -1: 'smaller', 0: 'not shown different'}[cold] }"
    )
    if holds:
        return replace(whole, reason=f"{whole.reason}; {words}, which agrees")
    return replace(
        whole, relation=Relation.UNRESOLVED, reason=f"{words}, which does not agree with {whole.relation.value}"
    )
