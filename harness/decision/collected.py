"""Doubts about what the platforms' own records say, or do not say because they were not collected in time."""

from __future__ import annotations

from harness.decision.findings import Findings
from harness.platforms import registry

MOST_NAMED = 4


def uncollected(findings: Findings) -> list[str]:
    """Each source with runs that were not collected, on which days, and which numbers that weakens."""
    out = []
    for target, source in dict.fromkeys((c.target, c.source) for c in findings.coverage):
        cells = [c for c in findings.coverage if (c.target, c.source) == (target, source)]
        gaps = [c for c in cells if not c.whole]
        if not gaps:
            continue
        lost = sum(c.runs - c.collected for c in gaps)
        days = ", ".join(f"{c.day} ({c.runs - c.collected} of {c.runs})" for c in gaps[:MOST_NAMED])
        more = f" and {len(gaps) - MOST_NAMED} more days" if len(gaps) > MOST_NAMED else ""
        kind = source.rstrip("0123456789").rstrip("-")
        weak = registry.feeds(kind)
        out.append(
            f"Not collected: {source} of {target} for {lost} of {sum(c.runs for c in cells)} runs, on {days}{more}. "
            f"That weakens {weak}."
        )
    return out


def disagreeing(findings: Findings) -> list[str]:
    """Where the client and the platform saw different things."""
    return [f"{a.target}: {words}." for a in findings.agreements for words in a.disagreements]


def unreconciled(findings: Findings) -> list[str]:
    """How far the model has been held to a bill."""
    if not findings.reconciliations:
        return ["Costs are MODELLED: measured usage at list prices, nothing was billed."]
    out = []
    for r in findings.reconciliations:
        out.append(
            f"Costs of {r.target} are MODELLED; billed coverage is {r.days_final} of {r.days} days"
            + ("." if r.days_final else ", so the model was not held to a bill.")
        )
        for line in r.lines:
            if not line.agrees:
                off = [("quantity", line.quantity_error), ("price", line.price_error)]
                said = ", ".join(f"{what} {error * 100:+.0f} %" for what, error in off if error is not None)
                out.append(
                    f"Modelled and billed {line.price_key} of {r.target} differ: {said or 'nothing was billed'}."
                )
    return out
