"""Everything that one target's jobs come to under one profile, as one value; the report reads it and computes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis import slo
from harness.analysis.columns import Array
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.jackknife import jackknife, ratio_of_totals
from harness.analysis.job_table import JobRun, job_run
from harness.analysis.jobs import verdicts
from harness.analysis.jobs.cost import JobCost, Volume, cost
from harness.analysis.jobs.draining import Backlog, backlog, throughput
from harness.analysis.jobs.shares import JobShare, share
from harness.analysis.quantiles import quantile
from harness.domain.estimate import Known, Unknown
from harness.domain.job import Fate
from harness.domain.reasons import absence
from harness.domain.role import Role
from harness.domain.target import Target
from harness.domain.verdict import Slo, SloVerdict
from harness.domain.workload import Promise, Workload

CURVE = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class JobsFound:
    """One target under one profile; instants and shares of the measured submissions, backlog and cost of all."""

    target: str
    profile: str
    blocks: int
    submitted: int
    accepted: int
    done: int
    p50_done_s: Known
    p95_done_s: Known
    p95_fresh_s: Known
    p95_submit_s: Known  # of the answer that accepts it
    called_back: bool
    resolution_s: float | None  # of the instants of done, where the service tells no ages; None: it does
    working_s: Known  # mean time that a job was worked on, as the service says
    p95_working_s: Known
    per_s: Known  # throughput while a backlog drained
    peaks: tuple[int, ...]  # of the backlog, by block
    backlogs: tuple[Backlog, ...]  # by block
    curve: tuple[tuple[float, Known], ...]  # of the time to done: share, time
    shares: tuple[JobShare, ...]
    cost: JobCost
    verdicts: tuple[SloVerdict, ...]
    longest_s: float | None = None  # that a job was worked on; None: not told

    def share_of(self, fate: Fate) -> JobShare:
        return next(s for s in self.shares if s.fate is fate)


def jobs_of(
    data: Dataset,
    targets: Mapping[str, Target],
    workloads: Mapping[str, Workload],
    confidence: float,
) -> tuple[JobsFound, ...]:
    """One for each profile of role ``jobs`` and each target that it was measured on, in that order.

    ``workloads`` are by the name of the profile that measures each. Raises BadFile where a jobs.parquet is not as a run
    leaves it.
    """
    out = []
    for profile in data.in_role(Role.JOBS):
        for target in data.everyone:
            runs = data.of(target, profile)
            if runs:
                out.append(found(targets[target], profile, runs, workloads.get(profile), confidence))
    return tuple(out)


def found(
    target: Target,
    profile: str,
    runs: Sequence[RunData],
    workload: Workload | None,
    confidence: float,
) -> JobsFound:
    """Of one target's runs under one profile, one a block."""
    jobs = [job_run(run) for run in runs]
    promises = workload.promises if workload else {}
    volume = Volume(float(workload.per_month)) if workload and workload.per_month else None
    costs = cost(target, list(zip(runs, jobs, strict=True)), confidence, volume)
    working = [job.numbers["running_ms"][job.measured & ~np.isnan(job.numbers["running_ms"])] / 1000 for job in jobs]
    lines = tuple(backlog(job) for job in jobs)
    return JobsFound(
        target=target.name,
        profile=profile,
        blocks=len(runs),
        submitted=_count(jobs, lambda j: j.measured),
        accepted=_count(jobs, lambda j: j.accepted & j.measured),
        done=_count(jobs, lambda j: j.done & j.measured),
        p50_done_s=verdicts.to_done(jobs, 0.5, confidence),
        p95_done_s=verdicts.to_done(jobs, 0.95, confidence, promises.get(Promise.DONE)),
        p95_fresh_s=verdicts.freshness(jobs, 0.95, confidence, promises.get(Promise.FRESHNESS)),
        p95_submit_s=slo.measured("p95_s", runs, confidence=confidence),
        called_back=any(job.called_back for job in jobs),
        resolution_s=max((job.resolution_s for job in jobs if job.resolution_s is not None), default=None),
        working_s=mean(working, confidence),
        p95_working_s=quantile(working, 0.95, confidence) if any(map(len, working)) else Unknown(absence.NotTold()),
        per_s=throughput(jobs, confidence),
        peaks=tuple(line.peak for line in lines),
        backlogs=lines,
        curve=tuple((p, verdicts.to_done(jobs, p, confidence)) for p in CURVE),
        shares=tuple(share(fate, jobs, confidence) for fate in Fate),
        cost=costs,
        verdicts=_judged(target.name, profile, runs, jobs, promises, costs, confidence),
        longest_s=max((float(one.max()) for one in working if len(one)), default=None),
    )


def mean(blocks: Sequence[Array], confidence: float) -> Known:
    """Of all values together, block jackknife; Unknown where nobody told them."""
    told = [block for block in blocks if len(block)]
    n = sum(map(len, told))
    if len(told) < 2:
        return Unknown(absence.NotTold() if not told else absence.FewBlocks(len(told)), n, len(told))
    sums, counts = np.array([block.sum() for block in told]), np.array([float(len(block)) for block in told])
    if not sums.sum():
        return Unknown(absence.NotTold(), n, len(told))
    return jackknife(ratio_of_totals(sums, counts), len(told)).estimate(confidence, n, "mean, block jackknife")


def _count(jobs: Sequence[JobRun], which: Callable[[JobRun], Array]) -> int:
    return sum(int(which(job).sum()) for job in jobs)


def _judged(
    target: str,
    profile: str,
    runs: Sequence[RunData],
    jobs: Sequence[JobRun],
    promises: Mapping[Promise, float],
    costs: JobCost,
    confidence: float,
) -> tuple[SloVerdict, ...]:
    """Each promise that was made, in the order of the table."""
    out = []
    if (limit := promises.get(Promise.RESPONSE)) is not None:
        promise = Slo("p95 response time of a submission", "p95_s", limit, "s")
        out.append(slo.verdict(target, profile, promise, runs, confidence=confidence))
    for metric in verdicts.TIMES:
        if (limit := promises.get(metric)) is not None:
            out.append(verdicts.time_verdict(target, profile, metric, limit, jobs, confidence))
    if Promise.LOST in promises:
        out.append(verdicts.lost_verdict(target, profile, jobs, confidence))
    if (limit := promises.get(Promise.COST)) is not None:
        out.append(verdicts.cost_verdict(target, profile, limit, costs.per_thousand_usd))
    return tuple(out)
