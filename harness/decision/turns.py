"""What would turn the answer, with who would act: only what the step that chose depends on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.decision.decide import Decision
from harness.decision.effects import lacking, of_limit, seen_of
from harness.decision.findings import Findings
from harness.decision.rule import By, Choice
from harness.domain.criteria import WORDS
from harness.domain.estimate import Estimate
from harness.domain.looks import looks_of
from harness.domain.reason import Reason
from harness.domain.reasons import decided, page
from harness.domain.reasons.page import Actor
from harness.domain.verdict import Judgement, SloVerdict

Names = Mapping[str, str]
MOST = 3


@dataclass(frozen=True)
class Turn:
    """``actor``: who would do it, or see it coming; None of what would not turn it."""

    told: Reason
    actor: Actor | None


def turns(decision: Decision, findings: Findings, names: Names, sides: Mapping[str, str]) -> tuple[Turn, ...]:
    """At most three, the surest first; ``sides``: labels of the alternatives."""
    if decision.chosen.by is By.VOID:
        if not findings.data.blocks_valid:
            return (Turn(page.ValidBlocks(looks_of(findings.data.blocks_planned)[0]), Actor.PILOT),)
        return (Turn(page.ComparableBlocks(findings.parity.void is None), Actor.PILOT),)
    found = [*_undecided(decision, findings, names), *_capacity(decision, findings, names)]
    if decision.chosen.by in (By.SCORES, By.LEANING):
        found += _weights(decision, sides)
    found += [*_volumes(decision, names), *_lasting(decision, names)]
    return tuple(found[:MOST]) or (Turn(page.NothingTurns(), None),)


def _undecided(decision: Decision, findings: Findings, names: Names) -> Iterator[Turn]:
    """Of the one that is chosen: the promise nearest to being broken."""
    open_ = [v for v in findings.promises_of(decision.target or "") if v.judgement is Judgement.INCONCLUSIVE]

    def reach(ends: page.Ends, allowed: float) -> float:
        return math.inf if ends[1] is None else ends[1] / allowed if allowed else math.inf

    def near(v: SloVerdict) -> tuple[float, bool, float]:
        ends, allowed, _ = seen_of(v)
        far = reach(*(lacking(ends, allowed) if v.slo.at_least else (ends, allowed)))
        # what too few were measured of has no end, and is no nearer to its limit for that
        return -max(1.0, of_limit(v)), math.isinf(far), -far

    for v in sorted(open_, key=near)[:1]:
        seen, allowed, unit = seen_of(v)
        late = unit != v.slo.unit
        told = page.Undecided(names[v.target], v.slo.name, v.profile, seen, allowed, unit, v.slo.at_least, late)
        yield Turn(told, Actor.PILOT)


def _capacity(decision: Decision, findings: Findings, names: Names) -> Iterator[Turn]:
    """What one that is not chosen refuses, and how much at once it would need at least.

    More than it carried when it began to refuse, and no less than the rival that took it all.
    """
    if decision.chosen.by is not By.GATES:
        return
    refused = {f.profile for f in findings.funnels if isinstance(f.refused_share, Estimate) and f.refused_share.low}
    for f in findings.funnels:
        share = f.refused_share
        if f.target == decision.target or not isinstance(share, Estimate) or not share.low:
            continue
        if any(v.profile not in refused for v in _broken(decision, f.target)):
            continue  # room alone would not make it pass
        rival = next(n for n in findings.data.targets if n != f.target or len(set(findings.data.targets)) == 1)
        taken = any(g.target == rival and g.profile == f.profile and g.offered == g.admitted for g in findings.funnels)
        seconds = findings.timelines.get((f.profile, rival), ()) if taken else ()
        need = math.ceil(max((s.in_flight for s in seconds), default=0.0))
        mine = (m.onsets for m in findings.manners if (m.target, m.profile) == (f.target, f.profile))
        began = [onset.in_flight for onsets in mine for onset in onsets]
        if 0 in began:
            continue  # it refused one that was alone: that is not for want of room
        if need := max([need, *(many + 1 for many in began)]):
            yield Turn(page.MoreAtOnce(names[f.target], f.profile, share.value, need), Actor.PLATFORM)


def _broken(decision: Decision, target: str) -> tuple[SloVerdict, ...]:
    return next((made.failed for made in decision.gates if made.target == target), ())


def _weights(decision: Decision, sides: Mapping[str, str]) -> Iterator[Turn]:
    """The nearest weight."""
    made = decision.scoring
    near = [f for f in made.flips if f.flips_at is not None and f.to is not None] if made else []
    for flip in sorted(near, key=lambda f: abs((f.flips_at or 0.0) - f.weight))[:1]:
        told = page.WeightAt(WORDS[flip.criterion], flip.weight, flip.flips_at or 0.0, sides[flip.to or ""])
        yield Turn(told, Actor.PRODUCT)


def _volumes(decision: Decision, names: Names) -> list[Turn]:
    """Volumes nearest first; prices only where cost decides."""
    chosen = names.get(decision.target or "")
    by_cost = decision.chosen.by is By.MEASURES
    one_short = {names.get(made.target) for made in decision.gates if len(made.failed) == 1}
    near: list[tuple[float, Turn]] = []
    for told in decision.would_change:
        match told:
            case decided.PromiseBreaks() if _matters(told, chosen, decision):
                near.append((abs(math.log(told.factor)), Turn(told, Actor.PRODUCT)))
            case decided.CostsCross() if by_cost:
                near.append((abs(math.log(told.factor)), Turn(told, Actor.PRODUCT)))
            case decided.PriceFlips() if by_cost and told.label != chosen:
                near.append((abs(math.log(1 - told.fall)) if told.fall < 1 else math.inf, Turn(told, Actor.BUYER)))
            case decided.WouldPass() if (
                decision.chosen.by is By.GATES and told.label != chosen and told.label in one_short
            ):
                near.append((0.0, Turn(told, Actor.PRODUCT)))
            case _:
                pass
    return [turn for _, turn in sorted(near, key=lambda one: one[0])]


def _lasting(decision: Decision, names: Names) -> Iterator[Turn]:
    """Up to which volume the one that is chosen keeps its promises."""
    for told in decision.would_change:
        match told:
            case decided.KeptUpTo(label=label, factor=float(factor), broken=()) if factor > 1:
                if label == names.get(decision.target or ""):
                    yield Turn(told, None)
            case _:
                pass


def _matters(told: decided.PromiseBreaks, chosen: str | None, decision: Decision) -> bool:
    """Where the chosen one breaks a promise, or its rival begins to keep one that it failed by."""
    if decision.choice is Choice.NONE:
        return True
    return told.label == chosen if not told.kept_above else told.label != chosen and decision.chosen.by is By.GATES
