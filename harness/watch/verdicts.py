"""The verdicts of a sealed look, a row a promise and a column a target: words alone, no estimate and no difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.words import said
from harness.words.numbers import FORMATS

if TYPE_CHECKING:
    from harness.decision.decide import Decision
    from harness.decision.findings import Findings


def judged(findings: Findings, decision: Decision, names: Mapping[str, str]) -> Mapping[str, Any]:
    """Of the look that was reached, with the targets' titles; the decision's sentence only once it is the last one."""
    pair = (findings.data.baseline, findings.data.candidate)
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for verdict in findings.verdicts:
        least = "≥ " if verdict.slo.at_least else ""
        promise = f"{verdict.slo.name} {least}{FORMATS[verdict.slo.unit](verdict.slo.limit)}"
        rows.setdefault((verdict.profile, promise), {})[verdict.target] = verdict.judgement.value
    look = findings.look
    return {
        "blocks": look.blocks,
        "targets": [names[target] for target in pair],
        "rows": [
            {"promise": f"{profile}: {promise}" if profile else promise, "verdicts": [by.get(t, "") for t in pair]}
            for (profile, promise), by in rows.items()
        ],
        "sentence": "" if look.early else said(decision.sentence),
    }
