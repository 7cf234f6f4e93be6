"""The rule: a failed gate cannot be bought back; between targets that pass, cost and latency speak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.projection import SPAN
from harness.decision.findings import Findings
from harness.decision.wording import duration_text, money, percent
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.verdict import Judgement, Relation, SloVerdict
from harness.workspace import Workspace

MOST_CROSSINGS = 4
FELT = ("p95_s", "ttft_p95_s")  # what a person waits for; overhead explains it and decides nothing by itself


class Choice(StrEnum):
    """What the pilot says."""

    BASELINE = "baseline"
    CANDIDATE = "candidate"
    HYBRID = "hybrid"
    NONE = "no clear winner"


class Confidence(StrEnum):
    """How much the evidence carries; a rehearsal is never more than low."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"


@dataclass(frozen=True)
class Gate:
    """One target against all its SLOs."""

    target: str
    judgement: Judgement
    failed: tuple[SloVerdict, ...]
    open: tuple[SloVerdict, ...]


@dataclass(frozen=True)
class Decision:
    """Recommendation, with its reasons, and what would change it."""

    choice: Choice
    target: str | None
    confidence: Confidence
    sentence: str
    reasons: tuple[str, ...]
    would_change: tuple[str, ...]
    gates: tuple[Gate, ...]


def decide(workspace: Workspace, findings: Findings, doubts: Sequence[str]) -> Decision:
    """Pure: the same findings give the same decision."""
    names = {t.name: t.label for t in workspace.pair()}
    gates = tuple(gate(name, findings) for name in dict.fromkeys(findings.data.targets))
    choice, target, confidence, reasons = _choose(findings, workspace.config.margins.cost, gates, names)
    if workspace.config.scaling.rehearsal or any(d.startswith("Sealed") for d in doubts):
        confidence = Confidence.LOW
    return Decision(
        choice,
        target,
        confidence,
        _sentence(choice, target, names),
        tuple(reasons),
        tuple(would_change(findings, names)),
        gates,
    )


def gate(target: str, findings: Findings) -> Gate:
    """FAIL when one SLO fails, PASS when all pass, INCONCLUSIVE otherwise."""
    mine = [v for v in (*findings.slos, *findings.cost_verdicts) if v.target == target]
    failed = tuple(v for v in mine if v.judgement is Judgement.FAIL)
    undecided = tuple(v for v in mine if v.judgement is Judgement.INCONCLUSIVE)
    if failed:
        return Gate(target, Judgement.FAIL, failed, undecided)
    return Gate(target, Judgement.INCONCLUSIVE if undecided or not mine else Judgement.PASS, failed, undecided)


def _choose(
    findings: Findings, cost_margin: float, gates: tuple[Gate, ...], names: dict[str, str]
) -> tuple[Choice, str | None, Confidence, list[str]]:
    data = findings.data
    reasons = [_gate_words(g, names) for g in gates]
    if not data.blocks_valid:
        return Choice.NONE, None, Confidence.LOW, ["No block was measured whole and valid.", *reasons]
    base, cand = gates
    if base.judgement is Judgement.FAIL and cand.judgement is Judgement.FAIL:
        return Choice.NONE, None, Confidence.LOW, ["Both targets fail a gate.", *reasons]
    for mine, other, choice in ((base, cand, Choice.BASELINE), (cand, base, Choice.CANDIDATE)):
        if other.judgement is Judgement.FAIL:
            confidence = Confidence.HIGH if mine.judgement is Judgement.PASS else Confidence.MODERATE
            return choice, mine.target, confidence, reasons + _cost_words(findings, names)
    return _between_passing(findings, cost_margin, gates, names, reasons)


def _between_passing(
    findings: Findings, cost_margin: float, gates: tuple[Gate, ...], names: dict[str, str], reasons: list[str]
) -> tuple[Choice, str | None, Confidence, list[str]]:
    """No gate failed: the cheaper one, if its latency is not shown to be worse."""
    base, cand = gates
    reasons = reasons + _cost_words(findings, names) + _latency_words(findings, names)
    a, b = findings.cost_of(base.target).per_success_usd, findings.cost_of(cand.target).per_success_usd
    felt = [c.relation for c in findings.comparisons if c.metric in FELT]
    worse, better = Relation.WORSE in felt, Relation.BETTER in felt
    sure = Confidence.HIGH if all(g.judgement is Judgement.PASS for g in gates) else Confidence.MODERATE
    cheaper = _cheaper(a, b, cost_margin)
    if cheaper == "candidate" and not worse:
        return Choice.CANDIDATE, cand.target, sure, reasons
    if cheaper == "baseline" and not better:
        return Choice.BASELINE, base.target, sure, reasons
    if cheaper is None and better != worse:
        choice, target = (Choice.CANDIDATE, cand.target) if better else (Choice.BASELINE, base.target)
        return choice, target, Confidence.MODERATE, reasons
    return Choice.NONE, None, Confidence.LOW, ["Cost and latency do not point the same way.", *reasons]


def _cheaper(baseline: Known, candidate: Known, margin: float) -> str | None:
    """Whose cost interval lies wholly below the other's and whose value by more than the sealed margin; else None."""
    if not isinstance(baseline, Estimate) or not isinstance(candidate, Estimate):
        return None
    if candidate.high is not None and baseline.low is not None and candidate.high < baseline.low:
        return "candidate" if candidate.value * margin <= baseline.value else None
    if baseline.high is not None and candidate.low is not None and baseline.high < candidate.low:
        return "baseline" if baseline.value * margin <= candidate.value else None
    return None


def _sentence(choice: Choice, target: str | None, names: dict[str, str]) -> str:
    if choice is Choice.NONE or target is None:
        return "The evidence does not choose between the two: no clear winner."
    return f"Serve the endpoint from {names[target]}."


def _gate_words(gate_: Gate, names: dict[str, str]) -> str:
    label = names[gate_.target]
    if gate_.judgement is Judgement.PASS:
        return f"{label} passes every SLO."
    worst = [f"{v.slo.name} under {v.profile} ({_value(v)}, limit {_limit(v)})" for v in gate_.failed]
    undecided = [f"{v.slo.name} under {v.profile}" for v in gate_.open]
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
        span = f" (95 % interval {c.low / 1e6:.2f} to {c.high / 1e6:.2f})" if c.low and c.high else ""
        out.append(
            f"Volume: the runtime costs cross at {c.requests / 1e6:.2f} million requests a month{span}; "
            f"{names[c.cheaper_below]} is cheaper below, {names[c.cheaper_above]} above. Expected: {now:.2f} million."
        )
    if not findings.projection.crossings:
        out.append(f"Volume: one target is cheaper at every volume within a factor of {SPAN:g} of the expected one.")
    for target, change in findings.projection.flips:
        if change < 0:
            out.append(f"Price: {names[target]} would be the cheaper one if its prices fell by {-change * 100:.0f} %.")
    return out


def would_change(findings: Findings, names: dict[str, str]) -> list[str]:
    """Values at which the answer flips, in business units."""
    out = []
    out += _volume_words(findings, names)
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
    return out


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
