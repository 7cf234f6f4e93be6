"""Jobs as the workspace's workloads promise them: which promises a profile is held to, and how each target keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from harness.analysis.dataset import Dataset
from harness.analysis.jobs import JobsFound, jobs_of
from harness.domain.estimate import Unknown
from harness.domain.reasons.absence import NotMeasured
from harness.domain.target import Target
from harness.domain.verdict import Judgement, SloVerdict
from harness.domain.workload import WorkKind, Workload
from harness.workspace import Workspace


def jobs_found(
    workspace: Workspace, data: Dataset, targets: Mapping[str, Target], confidence: float
) -> tuple[JobsFound, ...]:
    """Of every profile that submits jobs, held to the workload that it measures; raises BadFile."""
    measured: dict[str, Workload] = {}
    for workload in workspace.workloads():
        if workload.kind is WorkKind.JOB and workload.measured_by:
            measured[workload.measured_by] = workload  # pilot.toml lets one profile measure one
    return jobs_of(data, targets, measured, confidence)


def doing_jobs(target: Target, workspace: Workspace, found: Sequence[JobsFound]) -> Target:
    """Who does this target's jobs: itself, or the variant of it that jobs were measured on."""
    measured = {one.target for one in found}
    own = (one for one in workspace.measured() if one.variant_of == target.name and one.name in measured)
    return target if target.name in measured else next(own, target)


def job_verdicts(workspace: Workspace, found: Sequence[JobsFound]) -> tuple[SloVerdict, ...]:
    """Every promise about jobs under the name of the target that makes it, whoever does its jobs.

    A promise that was measured on one of the two only is open on the other: what nobody measured is not kept.
    """
    pair = {target.name: doing_jobs(target, workspace, found).name for target in workspace.pair()}
    told = {
        (name, one.profile): [replace(v, target=name) for v in one.verdicts]
        for name, doing in pair.items()
        for one in found
        if one.target == doing and one.blocks
    }
    return of_both(tuple(pair), told)


def of_both(pair: Sequence[str], told: Mapping[tuple[str, str], Sequence[SloVerdict]]) -> tuple[SloVerdict, ...]:
    """``told``: by target and profile. A promise that was measured on one of the two only is open on the other."""
    profiles = dict.fromkeys(profile for _, profile in told)
    return tuple(v for profile in profiles for name in pair for v in _of(name, profile, told))


def _of(name: str, profile: str, told: Mapping[tuple[str, str], Sequence[SloVerdict]]) -> Iterator[SloVerdict]:
    mine = told.get((name, profile))
    if mine is not None:
        yield from mine
        return
    why = NotMeasured()
    for other in next(found for (_, of), found in told.items() if of == profile):
        yield SloVerdict(name, profile, other.slo, Judgement.INCONCLUSIVE, Unknown(why), why)
