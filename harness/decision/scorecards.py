"""From findings to scores: what the evidence says of three alternatives on the sealed anchors, and what the team says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.analysis import laws
from harness.analysis.columns import Array
from harness.decision.findings import Findings
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.scores import (
    Acceptability,
    Card,
    Flip,
    Scored,
    acceptability,
    flips,
    normalised,
)
from harness.domain.criteria import (
    ARTIFACT,
    COST,
    LATENCY,
    LEAST_SCORE,
    MEASURED,
    MEMORY,
    REFUSED,
    UTILISATION,
    Anchor,
    Criterion,
    Judged,
    Priorities,
)
from harness.domain.estimate import Estimate, Known
from harness.domain.reason import Other, Reason
from harness.domain.reasons import absence
from harness.domain.reasons import choice as reasons
from harness.workspace import Workspace

Z_95 = 1.96
LATENCY_METRICS = ("p95_s", "ttft_p95_s")
Part = tuple[
    float, float, float, float
]  # a score, those at the ends of its interval, and how many errors half of that is


@dataclass(frozen=True)
class Swing:
    """One input at its two ends, and the leader's lead over the second at each."""

    criterion: Criterion
    alternative: str
    low: float
    high: float


@dataclass(frozen=True)
class Scoring:
    """Everything about the sum; ``left_out`` says why a criterion counts for none."""

    cards: tuple[Card, ...]
    weights: Mapping[Criterion, float]
    left_out: Mapping[Criterion, Reason]
    notes: Mapping[Criterion, str]
    acceptability: Acceptability
    flips: tuple[Flip, ...]
    tornado: tuple[Swing, ...]

    def total(self, name: str) -> float:
        return next(card for card in self.cards if card.name == name).total(self.weights)

    @property
    def order(self) -> tuple[str, ...]:
        """Alternatives by their score, the leader first."""
        return tuple(card.name for card in sorted(self.cards, key=lambda c: -c.total(self.weights)))


def scoring(workspace: Workspace, findings: Findings) -> Scoring | None:
    """None where no criterion can be scored for both targets, or nothing valid was measured of either."""
    if not findings.data.blocks_valid:
        return None
    priorities = workspace.config.criteria.priorities()
    found: dict[Criterion, dict[str, Scored]] = {}
    left_out: dict[Criterion, Reason] = {}
    for criterion in Criterion:
        scores = _scores(criterion, workspace, findings, priorities)
        if isinstance(scores, Reason):
            left_out[criterion] = scores
        else:
            found[criterion] = scores
    if not found:
        return None
    names = [BASELINE, CANDIDATE]
    if all(HYBRID in scores for scores in found.values()):
        names.append(HYBRID)
    cards = tuple(Card(name, {c: scores[name] for c, scores in found.items()}) for name in names)
    weights = normalised({c: j.weight for c, j in priorities.judged.items()}, list(found))
    return Scoring(
        cards,
        weights,
        left_out,
        {c: j.note for c, j in priorities.judged.items() if j.note},
        acceptability(cards, weights, priorities.kappa, workspace.config.pilot.seed),
        flips(cards, weights),
        tornado(cards, weights),
    )


def tornado(cards: Sequence[Card], weights: Mapping[Criterion, float]) -> tuple[Swing, ...]:
    """The lead of the first over the second with each measured score at the ends of its interval, widest first."""
    first, second = sorted(cards, key=lambda card: -card.total(weights))[:2]
    lead = first.total(weights) - second.total(weights)
    out = []
    for criterion in weights:
        for card, sign in ((first, 1), (second, -1)):
            score = card.scores[criterion]
            if score.high > score.low:
                ends = [lead + sign * weights[criterion] * (end - score.value) for end in (score.low, score.high)]
                out.append(Swing(criterion, card.name, min(ends), max(ends)))
    return tuple(sorted(out, key=lambda s: s.low - s.high))


def _scores(
    criterion: Criterion, workspace: Workspace, findings: Findings, priorities: Priorities
) -> dict[str, Scored] | Reason:
    """By alternative, or why there are none."""
    if criterion is Criterion.DEPENDENCIES and (sized := _sizes(findings)) is not None:
        return sized
    if criterion not in MEASURED:
        return _judged(criterion, priorities.judged[criterion])
    measure: dict[Criterion, Callable[[Workspace, Findings], dict[str, Scored] | Reason]] = {
        Criterion.LATENCY: _latency,
        Criterion.COST: _cost,
        Criterion.SCALING: _scaling,
    }
    return measure[criterion](workspace, findings)


def _judged(criterion: Criterion, said: Judged) -> dict[str, Scored] | Reason:
    """A hybrid is judged by the worse of its two parts, and operating both costs the team a point, unless it says else."""
    if said.baseline is None or said.candidate is None:
        return absence.NotScored()
    worse = min(said.baseline, said.candidate) - (1.0 if criterion is Criterion.OPERATIONS else 0.0)
    hybrid = max(LEAST_SCORE, worse) if said.hybrid is None else said.hybrid
    values = {BASELINE: said.baseline, CANDIDATE: said.candidate, HYBRID: hybrid}
    return {name: Scored(v, v, v, reasons.JudgedByTeam()) for name, v in values.items()}


def _sizes(findings: Findings) -> dict[str, Scored] | None:
    """Memory held and size deployed, of both targets, the worse counts; None where not both tell: then the team judges.

    A hybrid is deployed on both.
    """
    data = findings.data
    scored: dict[str, Scored] = {}
    for name, target in ((BASELINE, data.baseline), (CANDIDATE, data.candidate)):
        one = next((f for f in findings.footprints if f.target == target), None)
        if one is None or not isinstance(one.memory_share, Estimate):
            return None
        parts = [part_of(one.memory_share, 1.0, MEMORY)]
        if one.artifact_mb is not None and one.artifact_limit_mb is not None:
            score = ARTIFACT.score(one.artifact_mb / one.artifact_limit_mb)
            parts.append((score, score, score, Z_95))
        scored[name] = _worst(parts, reasons.MeasuredSizes())
    return {**scored, HYBRID: min(scored.values(), key=lambda s: s.value)}


def _latency(workspace: Workspace, findings: Findings) -> dict[str, Scored] | Reason:
    """The worst of its SLOs over all judged profiles; a hybrid that nobody ran takes the better of the two for each."""
    del workspace
    rows: dict[tuple[str, str], dict[str, Part]] = {}
    data = findings.data
    roles = {data.baseline: BASELINE, data.candidate: CANDIDATE}
    for v in findings.slos:
        if v.slo.metric in LATENCY_METRICS and v.target in roles:
            rows.setdefault((v.profile, v.slo.metric), {})[roles[v.target]] = part_of(v.estimate, v.slo.limit, LATENCY)
    whole = [row for row in rows.values() if BASELINE in row and CANDIDATE in row]
    if not whole:
        return absence.NoLatency()
    both = _worst([max(row[BASELINE], row[CANDIDATE]) for row in whole], reasons.BetterOfBoth())
    if findings.hybrid is not None:
        own = [v for v in findings.hybrid.slos if v.slo.metric in LATENCY_METRICS]
        both = _worst([part_of(v.estimate, v.slo.limit, LATENCY) for v in own], reasons.MeasuredScore())
    return {
        BASELINE: _worst([row[BASELINE] for row in whole], reasons.MeasuredScore()),
        CANDIDATE: _worst([row[CANDIDATE] for row in whole], reasons.MeasuredScore()),
        HYBRID: both,
    }


def _cost(workspace: Workspace, findings: Findings) -> dict[str, Scored] | Reason:
    ceiling = workspace.config.slo.monthly_runtime_usd
    if ceiling is None:
        return absence.NoCeiling()
    data = findings.data
    months = {BASELINE: findings.cost_of(data.baseline), CANDIDATE: findings.cost_of(data.candidate)}
    for cost in months.values():
        if not isinstance(cost.per_month_usd, Estimate):
            return absence.CostUnknownOf(cost.target)
    out = {
        name: _worst([part_of(c.per_month_usd, ceiling, COST)], reasons.MeasuredScore()) for name, c in months.items()
    }
    run = findings.hybrid
    both = findings.hybrids[0] if run is None else run.cost.per_month_usd
    if isinstance(both, Estimate):
        basis = Other(both.method) if run is None else reasons.MeasuredScore()
        out[HYBRID] = _worst([part_of(both, ceiling, COST)], basis)
    return out


def _scaling(workspace: Workspace, findings: Findings) -> dict[str, Scored] | Reason:
    """Use at the expected peak where capacity was searched for, and what was refused in bursts; the worse counts.

    That nothing was refused at less than the peak says nothing of the peak.
    """
    data, peak = findings.data, workspace.traffic().peak_per_s
    parts: dict[str, list[Part]] = {BASELINE: [], CANDIDATE: []}
    most = 0.0
    for name, target in ((BASELINE, data.baseline), (CANDIDATE, data.candidate)):
        for sizing in findings.sizings:
            if sizing.target == target and isinstance(sizing.utilisation, Estimate):
                parts[name].append(part_of(sizing.utilisation, 1.0, UTILISATION))
        for funnel in findings.funnels:
            if funnel.target == target and isinstance(funnel.refused_share, Estimate):
                offered = _offered_per_s(findings, target, funnel.profile)
                most = max(most, offered)
                if offered >= peak or funnel.refused_share.value > 0:
                    parts[name].append(part_of(funnel.refused_share, 1.0, REFUSED))
    if not all(parts.values()):
        return absence.PeakNotOffered(most, peak) if most else absence.NoScaling()
    scored = {name: _worst(found, reasons.MeasuredScore()) for name, found in parts.items()}
    better = replace(max(scored.values(), key=lambda s: s.value), basis=reasons.PeaksToBetter())
    if findings.hybrid is not None:
        refused = [f.refused_share for f in findings.hybrid.funnels]
        own = [part_of(share, 1.0, REFUSED) for share in refused if isinstance(share, Estimate)]
        better = _worst(own, reasons.MeasuredScore()) if own else better
    return {**scored, HYBRID: better}


def _offered_per_s(findings: Findings, target: str, profile: str) -> float:
    """The most that a profile asks for: of a burst its highest second, of everything else its mean."""
    if seconds := findings.timelines.get((profile, target)):
        return max(s.offered for s in seconds)
    rates = [_rate(run.measured_of(run.columns["scheduled_s"])) for run in findings.data.of(target, profile)]
    return sum(rates) / len(rates) if rates else 0.0


def _rate(due_s: Array) -> float:
    span = float(due_s.max() - due_s.min()) if len(due_s) > 1 else 0.0
    return (len(due_s) - 1) / span if span > 0 else 0.0


def part_of(known: Known, limit: float, anchor: Anchor) -> Part:
    """A score with those at the interval's ends; what is infinite or could not be told scores the least."""
    if not isinstance(known, Estimate) or limit <= 0:
        return LEAST_SCORE, LEAST_SCORE, LEAST_SCORE, Z_95
    value = anchor.score(known.value / limit)
    low = LEAST_SCORE if known.high is None else anchor.score(known.high / limit)  # an open end may be any value
    high = anchor.score((known.low if known.low is not None else known.value) / limit)
    return value, min(low, value), max(high, value), critical(known)


def critical(known: Estimate) -> float:
    """Standard errors in half of its interval: of Student's t with its own blocks and confidence, which a look sets."""
    upper = (1 + known.confidence) / 2
    return laws.t_quantile(upper, known.blocks - 1) if known.blocks > 1 else laws.normal_quantile(upper)


def _worst(parts: Sequence[Part], basis: Reason) -> Scored:
    value, low, high, errors = min(parts)
    return Scored(value, low, high, basis, errors)
