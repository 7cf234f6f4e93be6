"""Whether more blocks could still change the recommendation; by kinds of verdicts and of the rule's steps alone.

Settled by the gates:
    one target fails a promise and the other keeps every one (the rule names the other), or
    both fail, and for the two together some promise fails or every one is kept.
Else no promise of either may be open, nor the cost of a target that has prices, and it is
    settled because all is told, where no primary comparison is open, or
    settled by the scores, where they are firm: then the rule does not come to the comparisons.

A promise that no pilot can show to be kept (availability) is waited for by nobody.
Nothing is settled where the rule could not choose at all: other work, a biased
harness, no block.

What is settled is not yet what lasts: scores move with every block, and that nobody has
won so far says nothing about the rest of the plan. Measuring ends early only where the
gates decided, where the scores' winner wins nearly every draw, or where cost and latency
named one with all told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.decision.decide import Decision
from harness.decision.findings import Findings
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.opened import Open, open_comparisons, open_costs, open_promises
from harness.decision.rule import By, Choice, Chosen, Gate
from harness.domain.reason import Reason
from harness.domain.reasons.choice import AllTold, GatesDecide, ScoresFirm
from harness.workspace import Workspace

CERTAIN = 0.95  # of the draws: a leader by scores that fewer blocks show is as good as the whole plan's


class Settled(StrEnum):
    """Why more blocks change nothing."""

    GATES = "gates"
    TOLD = "told"
    SCORES = "scores"

    @property
    def reason(self) -> Reason:
        return _REASONS[self]


_REASONS = {Settled.GATES: GatesDecide(), Settled.TOLD: AllTold(), Settled.SCORES: ScoresFirm()}


@dataclass(frozen=True)
class Standing:
    """Where the recommendation stands; ``open`` is all that could not be told, whether the rule needs it or not."""

    settled: Settled | None
    lasts: bool
    open: tuple[Open, ...]


def standing(workspace: Workspace, findings: Findings, decision: Decision) -> Standing:
    """Of the verdicts of the look that has been reached."""
    priced = [t.name for t in workspace.pair() if t.prices is not None]
    comparisons, costs = open_comparisons(findings), open_costs(findings, priced)
    pair = decision.gates[:2]
    promises = open_promises([v for made in pair for v in made.open], all_of_them=True)
    chosen = decision.chosen
    gates = dict(zip((BASELINE, CANDIDATE, HYBRID), decision.gates, strict=True))
    rival = findings.hybrid is not None and not gates[HYBRID].failed
    why = settled(gates, chosen.by, told=not comparisons, priced=not costs, rival=rival)
    return Standing(why, why is not None and lasts(chosen), (*promises, *comparisons, *costs))


def lasts(chosen: Chosen) -> bool:
    """Whether what is settled may end the measuring before the plan does."""
    match chosen.by:
        case By.GATES:
            return True
        case By.SCORES:
            return chosen.share is not None and chosen.share >= CERTAIN
        case By.MEASURES:
            return chosen.choice is not Choice.NONE
        case _:
            return False


def settled(gates: Mapping[str, Gate], by: By, *, told: bool, priced: bool, rival: bool = False) -> Settled | None:
    """``gates`` by alternative; ``told``: no primary comparison is open; ``priced``: no cost is that could be known.

    ``rival``: a hybrid that was run stands beside the targets, so the one that stands alone is not yet the answer.
    """
    if by is By.VOID:
        return None
    waiting = {name: bool(open_promises(made.open)) for name, made in gates.items()}
    failing = [name for name in (BASELINE, CANDIDATE) if gates[name].failed]
    if len(failing) == 2:
        return Settled.GATES if gates[HYBRID].failed or not waiting[HYBRID] else None
    if len(failing) == 1:
        beside = rival and (waiting[HYBRID] or by is not By.SCORES)
        return None if beside or waiting[CANDIDATE if failing == [BASELINE] else BASELINE] else Settled.GATES
    if waiting[BASELINE] or waiting[CANDIDATE] or not priced:
        return None
    if told:
        return Settled.TOLD
    return Settled.SCORES if by is By.SCORES else None
