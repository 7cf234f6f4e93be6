"""Jobs as the workspace's workloads promise them: which promises a profile is held to, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping

from harness.analysis.dataset import Dataset
from harness.analysis.jobs import JobsFound, jobs_of
from harness.domain.target import Target
from harness.domain.workload import WorkKind, Workload
from harness.workspace import Workspace


def jobs_found(
    workspace: Workspace, data: Dataset, targets: Mapping[str, Target], confidence: float
) -> tuple[JobsFound, ...]:
    """Of every profile that submits jobs, held to the workload that it measures; raises BadFile."""
    measured: dict[str, Workload] = {}
    for workload in workspace.workloads():
        if workload.kind is WorkKind.JOB and workload.measured_by:
            measured.setdefault(workload.measured_by, workload)  # of two that share a profile the first counts
    return jobs_of(data, targets, measured, confidence)
