"""Quality under load: which answers were the target's own, which were less, and what the evaluation set says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.coded import is_known, is_true
from harness.analysis.columns import Array
from harness.analysis.dataset import RunData
from harness.analysis.shares import share_of
from harness.analysis.usual import UNTOLD, Own
from harness.domain.estimate import Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons.absence import CacheUntold, NoEvaluation, NoQuality

MOST_MISSED = 5  # checks that are named, those that failed most first


@dataclass(frozen=True)
class Quality:
    """One target under one profile, of measured arrivals.

    ``degraded`` is a share of the answers that can be told, ``told`` of ``answered``; ``passed`` is a share of the
    evaluation's questions that were asked and that can be told, a failed request among those that did not pass.
    """

    target: str
    profile: str
    answered: int
    told: int
    degraded: Known
    cached: Known
    models: tuple[tuple[str, int], ...]  # most first
    own: Own | None
    asked: int
    passed: Known
    missed: tuple[tuple[str, str, int], ...]  # question, checks, how often


def quality(target: str, profile: str, runs: Sequence[RunData]) -> Quality:
    """Intervals respect blocks, as every share does."""
    answers = [r.measured & r.ok for r in runs]
    told = [a & (r.quality != UNTOLD) for r, a in zip(runs, answers, strict=True)]
    cached = [(r.columns["cached"], a) for r, a in zip(runs, answers, strict=True)]
    models: Counter[str] = Counter()
    missed: Counter[tuple[str, str]] = Counter()
    for run, a in zip(runs, answers, strict=True):
        models.update({m: n for m, n in run.columns["model"].counts(a).items() if m is not None})
        wrong = run.measured & (run.columns["passed"] == False)  # noqa: E712 - element by element
        if wrong.any():
            missed.update(zip(run.columns["question_id"][wrong], run.columns["missed"][wrong], strict=True))
    graded = [r.measured & is_true(r.columns["evaluated"]) for r in runs]
    checked = [g & (~r.ok | is_known(r.columns["passed"])) for r, g in zip(runs, graded, strict=True)]
    return Quality(
        target,
        profile,
        answered=_sum(answers),
        told=_sum(told),
        degraded=_known([t & r.degraded for r, t in zip(runs, told, strict=True)], told, NoQuality()),
        cached=_known([a & is_true(c) for c, a in cached], [a & is_known(c) for c, a in cached], CacheUntold()),
        models=tuple(models.most_common()),
        own=next((r.usual.own for r in runs if r.usual is not None), None),
        asked=_sum(graded),
        passed=_known(
            [c & is_true(r.columns["passed"]) for r, c in zip(runs, checked, strict=True)], checked, NoEvaluation()
        ),
        missed=tuple((q, m or "", n) for (q, m), n in missed.most_common(MOST_MISSED)),
    )


def _sum(flags: Sequence[Array]) -> int:
    return sum(int(f.sum()) for f in flags)


def _known(hits: Sequence[Array], totals: Sequence[Array], lack: Reason) -> Known:
    """A share with its interval, or why there is none."""
    n = np.array([float(t.sum()) for t in totals])
    if not n.sum():
        return Unknown(lack, 0, len(hits))
    return share_of(np.array([float(h.sum()) for h in hits]), n).estimate(0.95)
