"""What to do next: one step, with the blocks, hours and dollars that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.decision.decide import Decision
from harness.decision.findings import Findings
from harness.decision.rule import By, Cap, Choice, Gate
from harness.decision.settling import Standing
from harness.domain.estimate import Unknown
from harness.domain.plan import Plan
from harness.domain.reason import Reason
from harness.domain.reasons import choice as reasons
from harness.domain.reasons import decided, page
from harness.domain.verdict import Judgement, SloVerdict

Names = Mapping[str, str]


@dataclass(frozen=True)
class BlockTakes:
    """What one paired block is forecast to take, and how many were INVALID in every attempt that they have."""

    hours: float
    usd: float
    given_up: int = 0


def next_step(
    plan: Plan, findings: Findings, decision: Decision, standing: Standing, takes: BlockTakes, names: Names
) -> Reason:
    """The first that applies: measure what can be measured, then act on what is decided."""
    if decision.chosen.by is By.VOID:
        return _again(plan, findings, decision, takes)
    if Cap.SEAL in decision.caps:
        return page.SettleSeal()
    data = findings.data
    spared = len(findings.ended.not_needed) if findings.ended else 0
    if (left := data.blocks_planned - len(data.blocks_valid) - spared) > 0:
        due = left - takes.given_up
        which, blocks = (page.RunRest, due) if due > 0 else (page.RunGivenUp, takes.given_up)
        return which(blocks, blocks * takes.hours, blocks * takes.usd)
    more = _more(findings, decision, takes) if standing.settled is None else None
    if Cap.REHEARSAL in decision.caps:
        return page.MeasureYours(more)
    if more is not None:
        return more
    return _act(findings, decision, names)


def _again(plan: Plan, findings: Findings, decision: Decision, takes: BlockTakes) -> Reason:
    blocks = len(plan.blocks)
    spent = (blocks, blocks * takes.hours, blocks * takes.usd)
    match decision.chosen.step:
        case reasons.NothingValid():
            return page.FixAndRun(*spent, takes.given_up) if findings.data.invalid else page.RunRest(*spent)
        case step:
            return page.MakeAlike(isinstance(step, reasons.HarnessBiased), *spent)


def _more(findings: Findings, decision: Decision, takes: BlockTakes) -> Reason | None:
    """Blocks that settle what is open; None where none would."""
    waiting = [v for made in decision.gates[:2] for v in made.open if v.blocks_needed is not None]
    if not waiting:
        return None
    valid = len(findings.data.blocks_valid)
    wanted = [(n.blocks if n.tight else n.low, n.tight) for v in waiting if (n := v.blocks_needed)]
    more = max(1, max(blocks for blocks, _ in wanted) - valid)
    return page.RunMore(more, not all(tight for _, tight in wanted), more * takes.hours, more * takes.usd, len(waiting))


def _act(findings: Findings, decision: Decision, names: Names) -> Reason:
    data = findings.data
    match decision.choice:
        case Choice.BASELINE:
            return page.Stay(names[data.baseline])
        case Choice.CANDIDATE:
            p95 = next((v for v in findings.slos if v.target == data.candidate and v.slo.metric == "p95_s"), None)
            return page.RollOut(names[data.candidate], p95.slo.limit if p95 else None)
        case Choice.HYBRID:
            run = findings.hybrid
            return page.MeasureRouter() if run is None else page.RollOut(names[run.target], None)
        case _:
            return _undecided(decision, findings, names)


def _undecided(decision: Decision, findings: Findings, names: Names) -> Reason:
    """Neither: what the one that fails fewer needs, or a cost that is not known, or who is cheaper to reverse."""
    pair = decision.gates[:2]
    if all(made.failed for made in pair):
        nearest: Gate = min(pair, key=lambda made: len(made.failed))
        worst: SloVerdict = next(v for v in nearest.failed if v.judgement is Judgement.FAIL)
        return page.FixFirst(names[nearest.target], len(nearest.failed), worst.slo.name, worst.profile)
    unknown = dict.fromkeys(c.target for c in findings.costs if isinstance(c.per_month_usd, Unknown))
    if unknown:
        return page.FindCost(tuple(names[target] for target in unknown))
    match decision.sentence:
        case decided.NoWinner(reversible=name) | decided.NoneYet(reversible=name) | decided.Equivalent(take=name):
            return page.Decide(name)
        case _:
            return page.Decide(None)
