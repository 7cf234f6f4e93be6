"""What the verdicts of a whole campaign may get wrong, in one sentence, and what its A/A run could have seen."""

from __future__ import annotations

from harness.analysis.aa import POWER, AaGate
from harness.decision.findings import Findings
from harness.domain.looks import SPENT
from harness.domain.verdict import PRIMARY

NAMES = {"p95_s": "p95", "overhead_p95_s": "p95 overhead", "ttft_p95_s": "p95 to the first token"}
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


def aa_words(gate: AaGate) -> str:
    """The bias that a silent A/A run could have seen: silence does not prove that there is none."""
    said = []
    for c in gate.comparisons:
        ratio = gate.noticed(c.metric)
        said.append(f"in {NAMES[c.metric]} {_size(ratio)}")
    return (
        f"The A/A run found no bias of {gate.target} against itself; in {POWER * 10:.0f} of 10 such runs it would have noticed "
        f"{' and '.join(said)}. A smaller bias may be there."
    )


def _size(ratio: float | None) -> str:
    """A bias as a share of what is measured; as a multiple from double on."""
    if ratio is None:
        return "none of any size"
    return f"one of {(ratio - 1) * 100:.2g} %" if ratio < 2 else f"one of {ratio:.2g} times and no smaller one"


def _percent(share: float) -> str:
    return f"{share * 100:g} %"
