"""What is open: promises, comparisons and costs that the evidence does not tell yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from harness.analysis.columns import Array
from harness.analysis.dataset import Dataset, RunData
from harness.decision.findings import Findings
from harness.domain.estimate import Unknown
from harness.domain.reason import Reason
from harness.domain.reasons.absence import NoQuality
from harness.domain.reasons.verdict import QualityUntold
from harness.domain.verdict import MEASURED, NEVER_KEPT, Comparison, Judgement, Relation, SloVerdict

# what a metric needs that not every target says; every answer has a response time
_SAID: Mapping[str, Callable[[RunData], Array]] = {
    "overhead_p95_s": lambda run: run.overhead_s,
    "ttft_p95_s": lambda run: run.ttft_s,
    "first_reasoning_p95_s": lambda run: run.first_sign_s,
}


class OpenKind(StrEnum):
    """Of what is open."""

    PROMISE = "promise"
    COMPARISON = "comparison"
    COST = "cost"


@dataclass(frozen=True)
class Open:
    """One thing that could not be told; ``target`` is None where it is of both."""

    kind: OpenKind
    target: str | None
    profile: str
    metric: str
    name: str
    why: Reason

    def __str__(self) -> str:
        return f"{self.name} under {self.profile}" if self.kind is not OpenKind.COST else self.name


def open_promises(verdicts: Sequence[SloVerdict], *, all_of_them: bool = False) -> tuple[Open, ...]:
    """Those that are INCONCLUSIVE; without ``all_of_them`` only those that blocks can settle."""
    return tuple(
        Open(OpenKind.PROMISE, v.target, v.profile, v.slo.metric, v.slo.name, v.reason)
        for v in verdicts
        if v.judgement is Judgement.INCONCLUSIVE and (all_of_them or _blocks_can_settle(v))
    )


def _blocks_can_settle(verdict: SloVerdict) -> bool:
    """Answers that never tell their quality don't begin to with more blocks."""
    return verdict.slo.metric not in NEVER_KEPT and not isinstance(verdict.reason, NoQuality | QualityUntold)


def primary(findings: Findings) -> tuple[Comparison, ...]:
    """The comparisons that were sealed as primary, of what both targets can be asked."""
    return tuple(c for c in findings.comparisons if not c.exploratory and _told(findings.data, c))


def open_comparisons(findings: Findings) -> tuple[Open, ...]:
    """Primary ones that are UNRESOLVED."""
    return tuple(
        Open(OpenKind.COMPARISON, None, c.profile, c.metric, f"the comparison of {MEASURED[c.metric]}", c.reason)
        for c in primary(findings)
        if c.relation is Relation.UNRESOLVED
    )


def open_costs(findings: Findings, priced: Sequence[str]) -> tuple[Open, ...]:
    """Of targets that have prices: what a successful answer costs, while the platform's own records are not there."""
    found = ((name, findings.cost_of(name).per_success_usd) for name in priced)
    return tuple(
        Open(OpenKind.COST, name, "expected traffic", "per_success", "the cost", known.reason)
        for name, known in found
        if isinstance(known, Unknown)
    )


def _told(data: Dataset, comparison: Comparison) -> bool:
    """Whether both say it at all: overhead needs the model's own time, which not every dialect carries."""
    said = _SAID.get(comparison.metric)
    return said is None or all(
        any(bool(np.isfinite(said(run)).any()) for run in data.of(target, comparison.profile))
        for target in data.targets
    )
