"""What the verdicts of a whole campaign may get wrong, in one sentence."""

from __future__ import annotations

from harness.decision.findings import Findings
from harness.domain.looks import SPENT
from harness.domain.verdict import PRIMARY

# what the simulations of docs/method.md hold, over all looks; nominal are SPENT's sum, and twice that
PROMISE, DIFFERENCE, EQUIVALENT, UNLIKE = 0.05, 0.06, 0.06, 0.08


def statement(findings: Findings) -> str:
    """Of every look together, not of the one that is read now."""
    looks = findings.look.of
    nominal = sum(SPENT[looks])
    promises = len({(v.profile, v.slo.metric) for v in (*findings.slos, *findings.cost_verdicts)})
    compared = sum(c.metric in PRIMARY for c in findings.comparisons)
    over = f"Over all {looks} sealed looks" if looks > 1 else "At the one sealed look"
    return (
        f"{over}, each of the {promises} promises is passed wrongly in at most {_percent(PROMISE)} of campaigns and failed "
        f"wrongly in at most {_percent(PROMISE)} (nominal {_percent(nominal)} each; {_percent(UNLIKE)} where blocks differ by "
        f"more than a quarter); two equal targets are called different in any of the {compared} co-primary comparisons in at "
        f"most {_percent(DIFFERENCE)} (nominal {_percent(2 * nominal)}, Holm), and a difference as large as the margin is "
        f"called EQUIVALENT in at most {_percent(EQUIVALENT)} (nominal {_percent(2 * nominal)} each)."
    )


def _percent(share: float) -> str:
    return f"{share * 100:g} %"
