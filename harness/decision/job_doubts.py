"""What the pilot's jobs put in doubt, whether a promise speaks of it or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.analysis.jobs import JobsFound
from harness.decision.findings import Findings
from harness.domain.estimate import Estimate
from harness.domain.job import Fate
from harness.domain.reason import Reason
from harness.domain.reasons import doubt
from harness.domain.workload import OF_TIME, Promise, WorkKind
from harness.workspace import Workspace

BAD = (  # gravest first; what was refused or failed by itself is told in the report
    *(Fate.LOST, Fate.TWICE, Fate.DEAD_LETTERED),
    *(Fate.TIME_LIMIT, Fate.MEMORY_LIMIT, Fate.WORKER_LOST, Fate.UNFINISHED),
)
ROUGH = 0.1  # of a promise of time: instants known less finely than this may decide it


def job_doubts(workspace: Workspace, findings: Findings) -> list[Reason]:
    """By profile, then target, then how grave."""
    out: list[Reason] = [one for found in findings.jobs for one in (*_ended(found), *_rough(found))]
    return [*out, *_unmeasured(workspace, findings)]


def _ended(found: JobsFound) -> Iterator[Reason]:
    shares = {share.fate: share for share in found.shares}
    for fate in BAD:
        one = shares.get(fate)
        if one is not None and one.count:
            low, high = (one.known.low, one.known.high) if isinstance(one.known, Estimate) else (None, None)
            yield doubt.JobsEnded(found.target, found.profile, fate, one.count, one.of, low, high)
    told = shares.get(Fate.TWICE)
    if told is not None and found.done and not told.of:
        yield doubt.EffectsUntold(found.target, found.profile, found.done)


def _rough(found: JobsFound) -> Iterator[Reason]:
    """Of the tightest promise of time about these jobs."""
    times: Mapping[str, float] = {v.slo.metric: v.slo.limit for v in found.verdicts if v.slo.metric in _TIMES}
    if found.resolution_s is not None and times and found.resolution_s > ROUGH * min(times.values()):
        yield doubt.JobsTimedRoughly(found.target, found.profile, found.resolution_s, min(times.values()))


_TIMES = {promise.value for promise in OF_TIME if promise is not Promise.RESPONSE}


def _unmeasured(workspace: Workspace, findings: Findings) -> Iterator[Reason]:
    """Workloads of jobs that promise something, and that no run measured."""
    measured = {found.profile for found in findings.jobs if found.blocks}
    for workload in workspace.workloads():
        if workload.kind is WorkKind.JOB and workload.promises and workload.measured_by not in measured:
            yield doubt.JobsNotMeasured(workload.name, tuple(workload.promises))
