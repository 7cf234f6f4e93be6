"""The decision: what the rule chose, why, and what would change it, as kinds and figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.analysis.dataset import Dataset
from harness.decision.findings import Findings
from harness.decision.headline import headline
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.rule import Cap, Choice, Chosen, Confidence, Gate, Voids, choose, gate, hybrid_gate
from harness.decision.scorecards import Scoring, scoring
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reason import Reason, labelled
from harness.domain.reasons import decided as told
from harness.domain.reasons.choice import HarnessBiased, OneIsEnough, TieBroken, TieStands
from harness.domain.reasons.seal import SealDoubt
from harness.domain.verdict import Judgement, SloVerdict
from harness.predict.crossings import Crossing, comparable
from harness.workspace import Workspace

Names = Mapping[str, str]
MOST_CROSSINGS = 4


@dataclass(frozen=True)
class Decision:
    """Recommendation, with its reasons, and what would change it."""

    choice: Choice
    target: str | None
    confidence: Confidence
    caps: tuple[Cap, ...]  # what holds confidence at low
    sentence: Reason
    reasons: tuple[Reason, ...]
    would_change: tuple[Reason, ...]
    gates: tuple[Gate, ...]
    chosen: Chosen
    scoring: Scoring | None = None


def decide(workspace: Workspace, findings: Findings, doubts: Sequence[Reason]) -> Decision:
    """Pure: the same findings give the same decision."""
    data = findings.data
    names = {t.name: t.label for t in workspace.measured()} | {HYBRID: "both together"}
    gates = {BASELINE: gate(data.baseline, findings), CANDIDATE: gate(data.candidate, findings)}
    gates[HYBRID] = hybrid_gate(workspace, findings)
    scored = scoring(workspace, findings)
    bias = biased(findings)
    chosen = choose(workspace, findings, gates, scored, Voids(findings.parity.void, bias))
    chosen = replace(chosen, step=labelled(_tied(chosen.step, {**_sides(data, names), HYBRID: names[HYBRID]}), names))
    bias = None if bias is None else labelled(bias, names)
    targets = {Choice.BASELINE: data.baseline, Choice.CANDIDATE: data.candidate}
    if findings.hybrid is not None:
        targets[Choice.HYBRID] = findings.hybrid.target
    target = targets.get(chosen.choice)
    unseen = chosen.choice is Choice.HYBRID and findings.hybrid is None
    few = bool(data.blocks_valid) and not findings.look.number
    caps = (*capped(workspace, doubts), *((Cap.FEW_BLOCKS,) * few), *((Cap.NOT_MEASURED,) * unseen))
    reasons: list[Reason] = [chosen.step]
    if bias is not None and bias != chosen.step:
        reasons.append(bias)
    reasons += [_of_gate(gates[name], names) for name in (BASELINE, CANDIDATE)]
    reasons += _of_hybrid(findings, gates[HYBRID], names, unseen=unseen)
    reasons += [*_of_costs(findings, names), *_of_latency(findings, names)]
    return Decision(
        chosen.choice,
        target,
        Confidence.LOW if caps else chosen.confidence,
        caps,
        headline(chosen, findings, gates, names),
        tuple(reasons),
        tuple(would_change(findings, names)),
        tuple(gates.values()),
        chosen,
        scored,
    )


def capped(workspace: Workspace, doubts: Sequence[Reason]) -> tuple[Cap, ...]:
    """A rehearsal shows no platform; criteria or evidence that were touched after the seal carry no confidence."""
    rehearsal = (Cap.REHEARSAL,) if workspace.config.scaling.rehearsal else ()
    seal = (Cap.SEAL,) if any(isinstance(doubt, SealDoubt) for doubt in doubts) else ()
    return (*rehearsal, *seal)


def biased(findings: Findings) -> HarnessBiased | None:
    """Why no comparison counts, where the harness called one target different from itself."""
    if findings.aa is None or not findings.aa.biased:
        return None
    found = ((c.metric, c.relation.value, c.ratio) for c in findings.aa.biased)
    ratios = tuple((metric, relation, ratio.value) for metric, relation, ratio in found if isinstance(ratio, Estimate))
    return HarnessBiased(findings.aa.target, ratios)


def _sides(data: Dataset, names: Names) -> dict[str, str]:
    return {BASELINE: names[data.baseline], CANDIDATE: names[data.candidate]}


def _tied(step: Reason, labels: Names) -> Reason:
    """A tie names who it is between."""
    if not isinstance(step, TieBroken | TieStands | OneIsEnough):
        return step
    return replace(step, tied=tuple(labels[name] for name in step.tied))


def _of_gate(made: Gate, names: Names) -> Reason:
    label = names[made.target]
    if made.judgement is Judgement.PASS:
        return told.PassesAll(label)
    if not made.failed and not made.open:
        return told.NoneJudged(label)
    return told.GateOpen(label, tuple(map(_broken, made.failed)), _named(made.open))


def _of_hybrid(findings: Findings, made: Gate, names: Names, *, unseen: bool) -> list[Reason]:
    """Its gate and cost where it was run; that it was not, where it is recommended."""
    if findings.hybrid is None:
        return [told.HybridNotMeasured()] if unseen else []
    month = findings.hybrid.cost.per_month_usd
    costs = [told.CostsMonthly(names[findings.hybrid.target], month.value)] if isinstance(month, Estimate) else []
    return [_of_gate(replace(made, target=findings.hybrid.target), names), *costs]


def _broken(v: SloVerdict) -> Reason:
    seen = v.estimate.reason if isinstance(v.estimate, Unknown) else told.Figure(v.estimate.value, v.slo.unit)
    return told.Broken(v.slo.name, v.profile, seen, v.slo.limit, v.slo.unit)


def _named(verdicts: Sequence[SloVerdict]) -> tuple[tuple[str, str], ...]:
    return tuple((v.slo.name, v.profile) for v in verdicts)


def _of_costs(findings: Findings, names: Names) -> list[Reason]:
    months = ((cost.target, cost.per_month_usd) for cost in findings.costs)
    return [told.CostsMonthly(names[target], usd.value) for target, usd in months if isinstance(usd, Estimate)]


def _of_latency(findings: Findings, names: Names) -> list[Reason]:
    pair = names[findings.data.candidate], names[findings.data.baseline]
    return [
        told.TimesBaseline(c.profile, *pair, c.ratio.value, (c.ratio.low, c.ratio.high), c.relation)
        for c in findings.comparisons
        if c.metric == "p95_s" and isinstance(c.ratio, Estimate)
    ]


def _of_volume(findings: Findings, names: Names) -> list[Reason]:
    """Where the costs cross and promises break, by the months that were played, and by how much prices would have to fall."""
    costs = {c.target: c.per_month_usd for c in findings.costs}
    if unknown := [name for name in findings.data.targets if not isinstance(costs.get(name), Estimate)]:
        return [told.VolumeUnknown(tuple(names[name] for name in unknown)), *_of_breaks(findings, names)]
    out: list[Reason] = []
    if (found := findings.volumes) is not None:
        near = sorted(found.crossings, key=lambda c: abs(math.log(c.factor.value)))[:MOST_CROSSINGS]
        out += [_crosses(c, names, findings.expected_requests) for c in near] or _throughout(findings, names)
    return [*out, *_of_breaks(findings, names), *_of_prices(findings, names)]


def _crosses(c: Crossing, names: Names, expected: float) -> Reason:
    each = c.requests / c.factor.value
    low, high = (None if end is None else end * each for end in (c.factor.low, c.factor.high))
    return told.CostsCross(c.requests, low, high, names[c.below], names[c.above], expected, c.factor.value)


def _throughout(findings: Findings, names: Names) -> list[Reason]:
    """Who is cheaper at every volume at which both costs can be laid beside each other; nothing where not at yours."""
    assert findings.volumes is not None
    at, pair = findings.volumes.prediction.at, {findings.data.baseline, findings.data.candidate}
    every = sorted({one.factor for one in at})
    both = [f for f in every if all(comparable(one) for one in at if one.factor == f and one.target in pair)]
    if 1.0 not in both:
        return []
    values = {c.target: c.per_month_usd.value for c in findings.costs if isinstance(c.per_month_usd, Estimate)}
    cheaper = names[min(values, key=lambda name: values[name])]
    return [told.CheaperThroughout(cheaper, both[0], both[-1])]


def _of_breaks(findings: Findings, names: Names) -> list[Reason]:
    """Of each target, the nearest volume above and below yours at which a promise begins to break or to be kept."""
    found = findings.volumes
    out: list[Reason] = []
    for one in found.seen if found is not None else ():
        mine = [b for b in found.breaks if b.target == one.target] if found is not None else []
        for side in (True, False):
            some = [b for b in mine if (b.factor.value >= 1) == side]
            if some:
                b = min(some, key=lambda b: abs(math.log(b.factor.value)))
                at = (b.factor.value, b.factor.low, b.factor.high)
                out.append(
                    told.PromiseBreaks(names[b.target], b.limit.name, b.limit.limit, b.limit.unit, *at, b.kept_above)
                )
        if not any(b.factor.value >= 1 for b in mine):
            out.append(told.KeptUpTo(names[one.target], one.to, tuple(x.name for x in one.breaks_now)))
    return out


def _of_prices(findings: Findings, names: Names) -> list[Reason]:
    usd = {c.target: c.per_month_usd.value for c in findings.costs if isinstance(c.per_month_usd, Estimate)}
    falls = {name: 1 - min(v for k, v in usd.items() if k != name) / own for name, own in usd.items() if own > 0}
    return [told.PriceFlips(names[name], fall) for name, fall in falls.items() if fall > 0]


def would_change(findings: Findings, names: Names) -> list[Reason]:
    """Values at which the answer flips, in business units; gates first, as in the rule."""
    out: list[Reason] = []
    for v in (*findings.slos, *findings.work_verdicts):
        if v.judgement is Judgement.FAIL and isinstance(v.estimate, Estimate) and v.estimate.high and v.slo.unit == "s":
            out.append(told.WouldPass(names[v.target], v.slo.name, v.profile, v.estimate.high, v.slo.unit))
    for f in findings.funnels:
        if isinstance(f.refused_share, Estimate) and f.refused_share.value > 0:
            out.append(told.Refuses(names[f.target], f.refused_share.value, f.profile))
    return [*out, *_of_volume(findings, names)]
