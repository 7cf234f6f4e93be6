"""Doubts about what the platforms' own records say, or do not say because they were not collected in time."""

from __future__ import annotations

from harness.decision.findings import Findings
from harness.domain.estimate import Estimate
from harness.domain.reason import Reason
from harness.domain.reasons import doubt
from harness.platforms import registry

MOST_NAMED = 4


def uncollected(findings: Findings) -> list[Reason]:
    """Each source with runs that were not collected, on which days, and which numbers that weakens."""
    out: list[Reason] = []
    for target, source in dict.fromkeys((c.target, c.source) for c in findings.coverage):
        cells = [c for c in findings.coverage if (c.target, c.source) == (target, source)]
        gaps = [c for c in cells if not c.whole]
        if not gaps:
            continue
        lost = sum(c.runs - c.collected for c in gaps)
        days = tuple((str(c.day), c.runs - c.collected, c.runs) for c in gaps[:MOST_NAMED])
        kind = source.rstrip("0123456789").rstrip("-")
        weak = registry.feeds(kind)
        more = max(0, len(gaps) - MOST_NAMED)
        out.append(doubt.NotCollected(source, target, lost, sum(c.runs for c in cells), days, more, weak))
    return out


def disagreeing(findings: Findings) -> list[Reason]:
    """Where the client and the platform saw different things."""
    return [doubt.SeenOtherwise(a.target, what) for a in findings.agreements for what in a.disagreements]


def unreconciled(findings: Findings) -> list[Reason]:
    """How far the model has been held to a bill."""
    if not findings.reconciliations:
        return [doubt.NothingBilled()] if any(isinstance(c.per_month_usd, Estimate) for c in findings.costs) else []
    out: list[Reason] = []
    for r in findings.reconciliations:
        out.append(doubt.BilledDays(r.target, r.days_final, r.days))
        out += [
            doubt.BillDiffers(r.target, line.name, line.quantity_error, line.price_error)
            for line in r.lines
            if not line.agrees
        ]
    return out
