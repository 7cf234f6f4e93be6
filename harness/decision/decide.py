"""The decision: what the rule chose, why, and what would change it, as kinds and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.analysis.dataset import Dataset
from harness.analysis.projection import SPAN
from harness.decision.findings import Findings
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.rule import Cap, Choice, Chosen, Confidence, Gate, Voids, choose, gate, hybrid_gate
from harness.decision.scorecards import Scoring, scoring
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons import decided as told
from harness.domain.reasons.choice import HarnessBiased
from harness.domain.reasons.seal import SealDoubt
from harness.domain.verdict import Judgement, SloVerdict
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
    because: tuple[Reason, ...]  # the step that decided and the promises that were broken, without numbers
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
    targets = {Choice.BASELINE: data.baseline, Choice.CANDIDATE: data.candidate}
    if findings.hybrid is not None:
        targets[Choice.HYBRID] = findings.hybrid.target
    target = targets.get(chosen.choice)
    unseen = chosen.choice is Choice.HYBRID and findings.hybrid is None
    caps = (*capped(workspace, doubts), *((Cap.NOT_MEASURED,) if unseen else ()))
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
        _sentence(chosen, data, names, measured=not unseen),
        _because(chosen, (gates[BASELINE], gates[CANDIDATE]), names),
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


def _sentence(chosen: Chosen, data: Dataset, names: Names, *, measured: bool) -> Reason:
    labels = {BASELINE: names[data.baseline], CANDIDATE: names[data.candidate]}
    if chosen.choice is Choice.HYBRID:
        return told.ServeFromBoth(labels[BASELINE], labels[CANDIDATE], measured)
    if chosen.choice is Choice.NONE:
        return told.NoWinner(labels[chosen.reversible] if chosen.reversible else None)
    return told.ServeFrom(labels[chosen.choice.value], chosen.leaning)


def _because(chosen: Chosen, gates: Sequence[Gate], names: Names) -> tuple[Reason, ...]:
    broken = (told.FailsPromises(names[made.target], _named(made.failed)) for made in gates if made.failed)
    return (chosen.step, *broken)


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
    label = names[findings.data.candidate]
    return [
        told.TimesBaseline(c.profile, label, c.ratio.value, c.relation.value)
        for c in findings.comparisons
        if c.metric == "p95_s" and isinstance(c.ratio, Estimate)
    ]


def _of_volume(findings: Findings, names: Names) -> list[Reason]:
    """Every volume at which the cheaper target changes, and by how much prices would have to."""
    found = findings.projection
    if found is None:
        return [told.VolumeUnknown()]
    out: list[Reason] = [
        told.CostsCross(
            c.requests, c.low, c.high, names[c.cheaper_below], names[c.cheaper_above], findings.expected_requests
        )
        for c in found.crossings[:MOST_CROSSINGS]
    ]
    if not found.crossings:
        first = {curve.target: curve.points[0].usd for curve in found.curves}
        cheaper = names[min(first, key=lambda name: first[name])] if first else "one target"
        out.append(told.CheaperThroughout(cheaper, SPAN))
    return out + [told.PriceFlips(names[target], -change) for target, change in found.flips if change < 0]


def would_change(findings: Findings, names: Names) -> list[Reason]:
    """Values at which the answer flips, in business units; gates first, as in the rule."""
    out: list[Reason] = []
    for v in (*findings.slos, *findings.job_verdicts):
        if v.judgement is Judgement.FAIL and isinstance(v.estimate, Estimate) and v.estimate.high and v.slo.unit == "s":
            out.append(told.WouldPass(names[v.target], v.slo.name, v.profile, v.estimate.high, v.slo.unit))
    for f in findings.funnels:
        if isinstance(f.refused_share, Estimate) and f.refused_share.value > 0:
            out.append(told.Refuses(names[f.target], f.refused_share.value, f.profile))
    return [*out, *_of_volume(findings, names)]
