"""Where each workload of the product belongs: glue can stay serverless, or it must be always warm, and why.

A workload must be always warm when a person waits for it and a cold start, as measured,
would break its promise or comes too often; what no person waits for can stay serverless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.decision.findings import Findings
from harness.decision.rule import Gate
from harness.domain.estimate import Estimate
from harness.domain.reason import Reason
from harness.domain.reasons import choice as reasons
from harness.domain.reasons.choice import Place
from harness.domain.verdict import Judgement
from harness.platforms.registry import billing_of
from harness.workspace import Workspace


@dataclass(frozen=True)
class Workload:
    """One part of the product: whether a person waits for it, and what it needs that decides."""

    name: str
    note: str
    waited_for: bool = False


WORKLOADS: Sequence[Workload] = (
    Workload("chat", "the endpoint that was measured", waited_for=True),
    Workload("retrieval", "part of every answer; holds the index in memory", waited_for=True),
    Workload("reranking", "as retrieval, and a model to load", waited_for=True),
    Workload("ingestion", "runs when documents change; retried when it fails"),
    Workload("embedding", "batches at ingestion; a query's own embedding belongs to retrieval"),
    Workload("evaluation", "scheduled; nobody waits"),
    Workload("orchestration", "hands work on and waits for others"),
    Workload("webhooks", "short, bursty, retried by their senders"),
)


@dataclass(frozen=True)
class Placed:
    """A workload, the word for it, and the measured reason."""

    workload: str
    place: Place
    reason: Reason


def placement(workspace: Workspace, findings: Findings, gates: Sequence[Gate]) -> tuple[Placed, ...]:
    """Every workload, in the order of the list; ``gates`` of baseline, candidate and both together."""
    return tuple(_place(workspace, findings, gates, workload) for workload in WORKLOADS)


def _place(workspace: Workspace, findings: Findings, gates: Sequence[Gate], workload: Workload) -> Placed:
    if not workload.waited_for:
        return Placed(workload.name, Place.SERVERLESS, reasons.NobodyWaits(workload.note))
    by_use = {t.name for t in workspace.pair() if (bill := billing_of(t)) and bill.by_use}
    if failed := _broken_promise(by_use, gates):
        broken = tuple((v.slo.name, v.profile) for v in failed.failed)
        return Placed(workload.name, Place.WARM, reasons.AnswersFail(failed.target, broken, workload.note))
    penalty = _cold_answer_s(by_use or set(findings.data.targets), findings)
    if penalty is None:
        return Placed(workload.name, Place.OPEN, reasons.TooFewProbed())
    target, seconds = penalty
    limit = workspace.config.slo.ttft_p95_s or workspace.config.slo.p95_s
    share = _cold_share(findings, target)
    seen = (target, seconds, limit, share, workload.note)
    if seconds <= limit:
        return Placed(workload.name, Place.SERVERLESS, reasons.ColdKeeps(*seen))
    if share is not None and share <= 1 - 0.95:
        return Placed(workload.name, Place.SERVERLESS, reasons.ColdRare(*seen))
    return Placed(workload.name, Place.WARM, reasons.ColdBreaks(*seen))


def _broken_promise(by_use: set[str], gates: Sequence[Gate]) -> Gate | None:
    """Of the target that is billed by use: the SLOs that it fails under load, whatever a cold start costs."""
    return next((made for made in gates if made.target in by_use and made.judgement is Judgement.FAIL), None)


def _cold_answer_s(targets: set[str], findings: Findings) -> tuple[str, float] | None:
    """Of the target whose cold starts cost most: seconds until a cold answer speaks, by the penalty's upper end.

    A warm p95 to the first token and the penalty on top; None where no cold start was probed.
    """
    found = []
    for p in findings.cold.penalties:
        if not isinstance(p.penalty_s, Estimate) or p.target not in targets:
            continue
        warm = next(
            (
                v.estimate.value
                for metric in ("ttft_p95_s", "p95_s")
                for v in findings.slos
                if v.target == p.target and v.slo.metric == metric and isinstance(v.estimate, Estimate)
            ),
            0.0,
        )
        penalty = p.penalty_s.high if p.penalty_s.high is not None else p.penalty_s.value
        found.append((p.target, warm + penalty))
    return max(found, key=lambda row: row[1], default=None)


def _cold_share(findings: Findings, target: str) -> float | None:
    return next((e.share for e in findings.cold.expected if e.target == target), None)
