"""The decision in words: what the rule chose, why, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.dataset import Dataset
from harness.analysis.projection import SPAN, Crossing
from harness.decision.findings import Findings
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.rule import Choice, Chosen, Confidence, Gate, Voids, choose, gate, hybrid_gate
from harness.decision.scorecards import Scoring, scoring
from harness.words.numbers import duration_text, money, percent
from harness.domain.estimate import Estimate, Unknown
from harness.domain.verdict import Judgement, SloVerdict
from harness.workspace import Workspace

MOST_CROSSINGS = 4


@dataclass(frozen=True)
class Decision:
    """Recommendation, with its reasons, and what would change it."""

    choice: Choice
    target: str | None
    confidence: Confidence
    sentence: str
    because: str  # the step that decided and the promises that were broken, without numbers
    reasons: tuple[str, ...]
    would_change: tuple[str, ...]
    gates: tuple[Gate, ...]
    chosen: Chosen
    scoring: Scoring | None = None


def decide(workspace: Workspace, findings: Findings, doubts: Sequence[str]) -> Decision:
    """Pure: the same findings give the same decision."""
    data = findings.data
    names = {t.name: t.label for t in workspace.pair()} | {HYBRID: "both together"}
    gates = {BASELINE: gate(data.baseline, findings), CANDIDATE: gate(data.candidate, findings)}
    gates[HYBRID] = hybrid_gate(workspace, findings)
    scored = scoring(workspace, findings)
    bias = biased(findings)
    chosen = choose(workspace, findings, gates, scored, Voids(findings.parity.void, bias))
    targets = {Choice.BASELINE: data.baseline, Choice.CANDIDATE: data.candidate}
    target = targets.get(chosen.choice)
    confidence = chosen.confidence
    if workspace.config.scaling.rehearsal or any(d.startswith("Sealed") for d in doubts):
        confidence = Confidence.LOW
    reasons = [
        chosen.step,
        *([bias] if bias and bias != chosen.step else []),
        *(_gate_words(gates[n], names) for n in (BASELINE, CANDIDATE)),
    ]
    reasons += _cost_words(findings, names) + _latency_words(findings, names)
    return Decision(
        chosen.choice,
        target,
        confidence,
        _sentence(chosen, data, names),
        _because(chosen, (gates[BASELINE], gates[CANDIDATE]), names),
        tuple(reasons),
        tuple(would_change(findings, names)),
        tuple(gates.values()),
        chosen,
        scored,
    )


def biased(findings: Findings) -> str | None:
    """Why no comparison counts, where the harness called one target different from itself."""
    if findings.aa is not None and findings.aa.biased:
        said = ", ".join(
            f"{c.metric} {c.relation.value} (ratio {c.ratio.value:.2f})"
            for c in findings.aa.biased
            if isinstance(c.ratio, Estimate)
        )
        return f"The A/A run calls {findings.aa.target} different from itself: {said}. The harness or its machine is biased."
    return None


def _sentence(chosen: Chosen, data: Dataset, names: dict[str, str]) -> str:
    targets = {BASELINE: names[data.baseline], CANDIDATE: names[data.candidate]}
    if chosen.choice is Choice.HYBRID:
        return f"Serve the endpoint from both: {targets[BASELINE]} and {targets[CANDIDATE]}, each where it keeps its promises."
    if chosen.choice is Choice.NONE:
        words = "The evidence does not choose between the two: no clear winner."
        if chosen.reversible:
            words += f" {targets[chosen.reversible]} is the cheaper one to reverse."
        return words
    verb = "Lean towards serving" if chosen.leaning else "Serve"
    return f"{verb} the endpoint from {targets[chosen.choice.value]}."


def _because(chosen: Chosen, gates: Sequence[Gate], names: dict[str, str]) -> str:
    broken = [
        f"{names[made.target]} fails {_joined([f'{v.slo.name} under {v.profile}' for v in made.failed])}."
        for made in gates
        if made.failed
    ]
    return " ".join([chosen.step, *broken])


def _gate_words(gate_: Gate, names: dict[str, str]) -> str:
    label = names[gate_.target]
    if gate_.judgement is Judgement.PASS:
        return f"{label} passes every SLO."
    worst = [f"{v.slo.name} under {v.profile} ({_value(v)}, limit {_limit(v)})" for v in gate_.failed]
    undecided = [f"{v.slo.name} under {v.profile}" for v in gate_.open]
    if not worst and not undecided:
        return f"No SLO of {label} was judged."
    words = f"{label} fails {_joined(worst)}." if worst else f"{label} fails no SLO."
    return words + (f" Not decided: {_joined(undecided)}." if undecided else "")


def _cost_words(findings: Findings, names: dict[str, str]) -> list[str]:
    out = []
    for cost in findings.costs:
        if isinstance(cost.per_month_usd, Estimate):
            out.append(
                f"{names[cost.target]} would cost {money(cost.per_month_usd.value)} a month at the expected traffic (runtime, MODELLED)."
            )
    return out


def _latency_words(findings: Findings, names: dict[str, str]) -> list[str]:
    cand = names[findings.data.candidate]
    out = []
    for c in findings.comparisons:
        if c.metric == "p95_s" and isinstance(c.ratio, Estimate):
            out.append(
                f"Under {c.profile} traffic the p95 of {cand} is {c.ratio.value:.2f} times the baseline's: {c.relation.value}."
            )
    return out


def _volume_words(findings: Findings, names: dict[str, str]) -> list[str]:
    """Every volume at which the cheaper target changes, and by how much prices would have to."""
    if findings.projection is None:
        return ["Volume: one target's cost is not known."]
    out = []
    now = findings.expected_requests / 1e6
    for c in findings.projection.crossings[:MOST_CROSSINGS]:
        span = _span(c)
        out.append(
            f"Volume: the runtime costs cross at {c.requests / 1e6:.2f} million requests a month{span}; "
            f"{names[c.cheaper_below]} is cheaper below, {names[c.cheaper_above]} above. Expected: {now:.2f} million."
        )
    if not findings.projection.crossings:
        first = {curve.target: curve.points[0].usd for curve in findings.projection.curves}
        cheaper = names[min(first, key=lambda name: first[name])] if first else "one target"
        out.append(f"Volume: {cheaper} is cheaper at every volume within a factor of {SPAN:g} of the expected one.")
    for target, change in findings.projection.flips:
        if change < 0:
            out.append(f"Price: {names[target]} would be the cheaper one if its prices fell by {-change * 100:.0f} %.")
    return out


def _span(crossing: Crossing) -> str:
    """The stretch in which either may be the cheaper one, in millions."""
    low, high = (None if end is None else f"{end / 1e6:.2f}" for end in (crossing.low, crossing.high))
    if low is None and high is None:
        return " (either may be the cheaper one at every volume that was looked at)"
    ends = f"{low} to {high}" if low and high else f"up to {high}" if high else f"from {low} on"
    return f" (either may be the cheaper one {'from ' if low and high else ''}{ends})"


def would_change(findings: Findings, names: dict[str, str]) -> list[str]:
    """Values at which the answer flips, in business units; gates first, as in the rule."""
    out = []
    for v in findings.slos:
        if v.judgement is Judgement.FAIL and isinstance(v.estimate, Estimate) and v.estimate.high and v.slo.unit == "s":
            out.append(
                f"{names[v.target]} would pass {v.slo.name} under {v.profile} at a limit of {_as_unit(v.estimate.high, v.slo.unit)}."
            )
    for f in findings.funnels:
        if isinstance(f.refused_share, Estimate) and f.refused_share.value > 0:
            out.append(
                f"{names[f.target]} refuses {percent(f.refused_share.value)} under {f.profile}: "
                "a higher concurrency limit or more capacity would change that."
            )
    return [*out, *_volume_words(findings, names)]


def _value(v: SloVerdict) -> str:
    if isinstance(v.estimate, Unknown):
        return v.estimate.reason
    return _as_unit(v.estimate.value, v.slo.unit)


def _limit(v: SloVerdict) -> str:
    return _as_unit(v.slo.limit, v.slo.unit)


def _as_unit(value: float, unit: str) -> str:
    if unit == "s":
        return duration_text(value)
    return percent(value) if unit == "share" else money(value)


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
