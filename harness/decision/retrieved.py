"""Passages asked for by themselves: which p95 a profile of them is held to, and how each of the two targets keeps it."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.retrieval import Retrieval
from harness.decision.jobs import of_both
from harness.domain.verdict import SloVerdict
from harness.domain.workload import Promise
from harness.workspace import Workspace


def response_limit_s(workspace: Workspace, profile: str) -> float | None:
    """What the workload that it measures promises; else what the profile itself is held to."""
    own = (w.promises.get(Promise.RESPONSE) for w in workspace.workloads() if w.measured_by == profile)
    of_profile = workspace.config.profiles.get(profile)
    return next((limit for limit in own if limit is not None), of_profile.p95_s if of_profile else None)


def retrieval_verdicts(pair: Sequence[str], found: Sequence[Retrieval]) -> tuple[SloVerdict, ...]:
    """Every promise about them, of both."""
    told = {(r.target, r.profile): [r.promise] for r in found if r.promise is not None and r.target in pair}
    return of_both(pair, told)
