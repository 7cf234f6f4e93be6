"""A workload's promises about its jobs, judged as every promise is: by the share beyond the limit, with blocks respected.

``lost = 0`` is one that can be shown to be broken and never to be kept: one lost job breaks it, and none of n leaves a share
that may be as large as its interval says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.analysis.blocks_needed import blocks_needed
from harness.analysis.columns import Array
from harness.analysis.job_table import JobRun
from harness.analysis.jobs.shares import share
from harness.analysis.pooled import Pooled
from harness.analysis.quantiles import percentile
from harness.analysis.shares import LEAST_BLOCKS, Share, share_of
from harness.analysis.slo import Held, ceiling, judge
from harness.domain.estimate import Known, Unknown
from harness.domain.job import Fate
from harness.domain.reasons import verdict as reasons
from harness.domain.verdict import Judgement, Slo, SloVerdict
from harness.domain.workload import CALLED, Promise

ALLOWED = 0.05  # of jobs, beyond a p95's limit
Of = Callable[[JobRun], Array]
TIMES: dict[Promise, tuple[str, Of, Of]] = {  # as it was seen, and the least that it may be
    Promise.DONE: (CALLED[Promise.DONE], lambda run: run.to_done_s, lambda run: run.at_least_s),
    Promise.FRESHNESS: (CALLED[Promise.FRESHNESS], lambda run: run.fresh_s, lambda run: run.fresh_at_least_s),
}


def pooled(runs: Sequence[JobRun], of: Callable[[JobRun], Array]) -> Pooled:
    """Of the measured submissions; what was not done is infinite."""
    return Pooled([of(run)[run.measured] for run in runs])


def time_verdict(
    target: str, profile: str, metric: Promise, limit_s: float, runs: Sequence[JobRun], confidence: float
) -> SloVerdict:
    """``done_within_s`` or ``freshness_p95_s``.

    A job that was followed for less than its limit, and was not done by then, keeps the ends apart: a PASS takes it as
    beyond, a FAIL as within.
    """
    name, of, least = TIMES[metric]
    promise, alpha = Slo(name, metric.value, limit_s, "s"), (1 - confidence) / 2
    values = pooled(runs, of)
    beyond, surely = _beyond(values, limit_s), _beyond(pooled(runs, least), limit_s)
    untold = beyond.value - surely.value if beyond.n else 0.0
    estimate = percentile(values, 1 - ALLOWED, confidence, limit_s)
    judgement, reason = judge(Held(surely, ALLOWED, estimate, beyond if untold else None), alpha)
    is_open = judgement is Judgement.INCONCLUSIVE and beyond.n
    if is_open and untold and beyond.blocks >= LEAST_BLOCKS:
        reason = reasons.JobsSeenTooShort(untold, round(beyond.n), limit_s)
    needed = blocks_needed(beyond, ALLOWED, alpha) if is_open and not untold else None
    return SloVerdict(
        target,
        profile,
        promise,
        judgement,
        estimate,
        reason,
        needed,
        beyond.estimate(confidence, ALLOWED),
        ALLOWED,
    )


def _beyond(values: Pooled, limit_s: float) -> Share:
    return share_of(values.beyond(limit_s), values.totals, values.runs(limit_s) if len(values) else None)


def lost_verdict(target: str, profile: str, runs: Sequence[JobRun], confidence: float) -> SloVerdict:
    """That no accepted job is lost: one is enough to break it, and none does not prove it."""
    promise = Slo(CALLED[Promise.LOST], Promise.LOST.value, 0.0, "share")
    found = share(Fate.LOST, runs, confidence)
    if isinstance(found.known, Unknown) and not found.of:
        return SloVerdict(target, profile, promise, Judgement.INCONCLUSIVE, found.known, found.known.reason)
    lost = found.count > 0
    high = None if isinstance(found.known, Unknown) else found.known.high
    why = reasons.JobsLost(found.count, found.of, high)
    judgement = Judgement.FAIL if lost else Judgement.INCONCLUSIVE
    return SloVerdict(target, profile, promise, judgement, found.known, why, None, found.known, 0.0)


def cost_verdict(target: str, profile: str, limit_usd: float, known: Known) -> SloVerdict:
    """What a thousand jobs may cost."""
    return ceiling(target, "cost of 1,000 jobs", Promise.COST.value, limit_usd, known, profile)


def to_done(runs: Sequence[JobRun], p: float, confidence: float, limit_s: float | None = None) -> Known:
    """The pooled percentile of the time to done."""
    return percentile(pooled(runs, lambda run: run.to_done_s), p, confidence, limit_s)


def freshness(runs: Sequence[JobRun], p: float, confidence: float, limit_s: float | None = None) -> Known:
    """The same of the freshness."""
    return percentile(pooled(runs, lambda run: run.fresh_s), p, confidence, limit_s)
