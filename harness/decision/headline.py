"""The answer in one sentence: never more than the verdicts carry."""

from __future__ import annotations

from collections.abc import Mapping

from harness.decision.findings import Findings
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.opened import primary
from harness.decision.rule import By, Choice, Chosen, Gate
from harness.domain.reason import Reason
from harness.domain.reasons import choice as reasons
from harness.domain.reasons import decided as told
from harness.domain.verdict import Judgement, Relation

PAIR = (BASELINE, CANDIDATE)


def headline(chosen: Chosen, findings: Findings, gates: Mapping[str, Gate], names: Mapping[str, str]) -> Reason:
    """``gates`` by alternative, ``names``: the label of every target."""
    data = findings.data
    labels = {BASELINE: names[data.baseline], CANDIDATE: names[data.candidate]}
    if chosen.by is By.VOID:
        return told.NoAnswer(chosen.step)
    if chosen.choice is Choice.HYBRID:
        sides, measured = (labels[BASELINE], labels[CANDIDATE]), findings.hybrid is not None
        undecided = len(gates[HYBRID].open)
        return told.BothSoFar(*sides, measured, undecided) if undecided else told.ServeFromBoth(*sides, measured)
    if chosen.choice is Choice.NONE:
        return _no_choice(chosen, findings, gates, labels)
    made, label = gates[chosen.choice.value], labels[chosen.choice.value]
    kept = sum(v.judgement is Judgement.PASS for v in findings.promises_of(made.target))
    if made.judgement is not Judgement.PASS:
        return told.SoFar(label, chosen.leaning, kept, len(made.open))
    cheaper = getattr(chosen.step, "by", chosen.step)
    if isinstance(cheaper, reasons.CheaperNotSlower) and equivalent(findings, gates):
        return told.Equivalent(label, told.By.COST)
    return told.ServeFrom(label, chosen.leaning, kept)


def equivalent(findings: Findings, gates: Mapping[str, Gate]) -> bool:
    """Shown: both keep every promise, every primary comparison is EQUIVALENT, and no other shows a difference."""
    compared = primary(findings)
    keep = all(gates[name].judgement is Judgement.PASS for name in PAIR)
    differ = any(c.relation in (Relation.BETTER, Relation.WORSE) for c in findings.comparisons)
    return keep and bool(compared) and not differ and all(c.relation is Relation.EQUIVALENT for c in compared)


def _no_choice(chosen: Chosen, findings: Findings, gates: Mapping[str, Gate], labels: Mapping[str, str]) -> Reason:
    reversible = labels[chosen.reversible] if chosen.reversible else None
    if chosen.by is By.GATES:
        broken = ((labels[n], len(gates[n].failed), len(findings.promises_of(gates[n].target))) for n in PAIR)
        return told.BothBreak(tuple(broken))
    if undecided := sum(len(gates[n].open) for n in PAIR):
        return told.NoneYet(undecided, sum(len(findings.promises_of(gates[n].target)) for n in PAIR), reversible)
    if equivalent(findings, gates):
        return told.Equivalent(reversible, told.By.REVERSAL if reversible else None)
    return told.NoWinner(reversible)
