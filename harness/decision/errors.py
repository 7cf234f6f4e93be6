"""What the verdicts of a whole campaign may get wrong, in one sentence."""

from __future__ import annotations

from harness.decision.findings import Findings
from harness.domain.looks import SPENT
from harness.domain.reasons.decided import ErrorBudget
from harness.domain.verdict import PRIMARY

# what the simulations of docs/method.md hold, over all looks; nominal are SPENT's sum, and twice that
PROMISE, DIFFERENCE, EQUIVALENT, UNLIKE = 0.05, 0.06, 0.06, 0.08


def statement(findings: Findings) -> ErrorBudget:
    """Of every look together, not of the one that is read now."""
    looks = findings.look.of
    promises = len({(v.profile, v.slo.metric) for v in findings.verdicts})
    compared = sum(c.metric in PRIMARY for c in findings.comparisons)
    return ErrorBudget(looks, sum(SPENT[looks]), promises, compared, PROMISE, DIFFERENCE, EQUIVALENT, UNLIKE)
