"""Jobs as the workspace's workloads promise them: which promises a profile is held to, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.analysis.dataset import Dataset
from harness.analysis.jobs import JobsFound, Promises, Volume, jobs_of
from harness.domain.target import Target
from harness.workspace import Workspace

JOB = "job"
LIMITS = ("done_within_s", "freshness_p95_s", "response_p95_s", "lost", "usd_per_thousand")


def jobs_found(
    workspace: Workspace, data: Dataset, targets: Mapping[str, Target], confidence: float
) -> tuple[JobsFound, ...]:
    """Of every profile that submits jobs, held to the workload that it measures; raises BadFile."""
    measured = workloads_by_profile(workspace)
    promised = {profile: promises_of(workload) for profile, workload in measured.items()}
    volumes = {profile: Volume(float(w.per_month)) for profile, w in measured.items() if w.per_month}
    return jobs_of(data, targets, promised, volumes, confidence)


def workloads_by_profile(workspace: Workspace) -> dict[str, Any]:
    """Workloads of jobs by the profile that measures each; of two that share one the first counts."""
    declared: Mapping[str, Any] = getattr(workspace.config, "workloads", {})
    out: dict[str, Any] = {}
    for workload in declared.values():
        if str(workload.kind) == JOB and workload.measured_by:
            out.setdefault(workload.measured_by, workload)
    return out


def promises_of(workload: Any) -> Promises:  # noqa: ANN401 - a table of pilot.toml
    """Nothing where the workload promises nothing."""
    slo = getattr(workload, "slo", None)
    limits = {name: getattr(slo, name, None) for name in LIMITS}
    return Promises(**{name: None if limit is None else float(limit) for name, limit in limits.items()})
