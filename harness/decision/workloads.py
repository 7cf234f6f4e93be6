"""Every workload of the product on both targets: who measures which kind, and what each target is as a home."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.analysis.workload import Measures
from harness.decision.findings import Findings
from harness.decision.job_work import JobWork
from harness.decision.jobs import doing_jobs
from harness.decision.placement import Home, Placed, placement
from harness.decision.request_work import RequestWork
from harness.domain.target import Target
from harness.domain.workload import WorkKind
from harness.platforms.ceilings import ceilings_of
from harness.platforms.registry import billing_of, scaling_of
from harness.platforms.scaling import Grows
from harness.predict.fitted import facts_of
from harness.workspace import Workspace


def workloads_placed(workspace: Workspace, findings: Findings) -> tuple[Placed, ...]:
    """Pure, like a decision; a workload at a volume of its own has its months played, which takes a second each."""
    pair = workspace.pair()
    doing = {target.name: doing_jobs(target, workspace, findings.jobs) for target in pair}
    homes = {
        WorkKind.REQUEST: [_home(target, target, findings) for target in pair],
        WorkKind.JOB: [_home(target, doing[target.name], findings) for target in pair],
    }
    cold = frozenset(h.target.name for h in homes[WorkKind.REQUEST] if h.cold)
    done_by = {name: target.name for name, target in doing.items()}
    measures: dict[WorkKind, Measures] = {
        WorkKind.REQUEST: RequestWork(workspace, findings, cold),
        WorkKind.JOB: JobWork(findings.jobs, findings, done_by, cold),
    }
    return placement(workspace.workloads(), homes, measures, workspace.config.margins.cost)


def _home(target: Target, doing: Target, findings: Findings) -> Home:
    """``doing``: the target whose limits count. Cold where it starts instances: as it scales, is billed, or probes met it."""
    facts: Mapping[str, Any] = facts_of([run for run in findings.data.runs if run.target == target.name])
    billing, scaling = billing_of(target), scaling_of(target, facts)
    if scaling is not None:
        cold = scaling.grows is not Grows.FIXED
    elif billing is not None:
        cold = billing.by_use
    else:
        cold = any(p.cold for p in findings.cold.penalties if p.target == target.name)
    unknown = None if scaling is None and not cold else cold
    return Home(target, ceilings_of(doing, facts), billing.by_use if billing else unknown, cold)
