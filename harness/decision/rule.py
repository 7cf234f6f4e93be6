"""The rule: a failed gate cannot be bought back; then the scores decide where they are firm, else what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.decision import ceilings
from harness.decision.findings import BEST, Findings
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.scorecards import Scoring
from harness.decision.scores import acceptability
from harness.domain.criteria import Criterion
from harness.domain.estimate import Estimate, Known
from harness.domain.reason import Reason
from harness.domain.reasons import choice as reasons
from harness.domain.verdict import Judgement, Relation, SloVerdict
from harness.workspace import Workspace

FIRM, LEANING = 0.80, 0.65  # of the draws that a leader must win
TIE = 0.1  # points of five: a lead below it is a tie, however often it is won
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


class Cap(StrEnum):
    """What holds confidence down, whatever was measured."""

    REHEARSAL = "rehearsal"  # one machine
    SEAL = "seal"  # criteria or evidence are not as they were sealed
    FEW_BLOCKS = "few blocks"  # fewer are valid than any verdict needs
    NOT_MEASURED = "not measured"  # a hybrid that nobody ran: what it would do is worked out of its two parts


class By(StrEnum):
    """Which step of the rule chose; ``VOID``: none could, because nothing can be said or compared."""

    VOID = "void"
    GATES = "gates"
    SCORES = "scores"  # firm: enough of the draws, and more than a tie
    LEANING = "leaning"
    MEASURES = "measures"  # cost and latency, where gates and scores do not decide


@dataclass(frozen=True)
class Gate:
    """One alternative against all SLOs; ``target`` is ``hybrid`` for both together."""

    target: str
    judgement: Judgement
    failed: tuple[SloVerdict, ...]
    open: tuple[SloVerdict, ...]


@dataclass(frozen=True)
class Chosen:
    """What the rule says and by which of its steps; ``share`` of the draws where the scores decided."""

    choice: Choice
    confidence: Confidence
    step: Reason
    by: By
    share: float | None = None
    reversible: str | None = None  # of a tie, the one that is cheaper to reverse

    @property
    def leaning(self) -> bool:
        return self.by is By.LEANING


def gate(target: str, findings: Findings) -> Gate:
    """FAIL when one SLO fails, PASS when all pass, INCONCLUSIVE otherwise."""
    return _gate(target, [v for v in findings.verdicts if v.target == target])


def hybrid_gate(workspace: Workspace, findings: Findings) -> Gate:
    """Of the one that was run. Of one that was not: each profile's SLO is kept when one of the two keeps it.

    Other work is done by one of the two either way: the one that keeps what is promised of it. The ceiling is held to
    what both together cost, measured or worked out.
    """
    if findings.hybrid is not None:
        return _gate(HYBRID, findings.promises_of(findings.hybrid.target))
    by_promise: dict[tuple[str, str], list[SloVerdict]] = {}
    for v in findings.slos:
        by_promise.setdefault((v.profile, v.slo.metric), []).append(v)
    mine = [min(found, key=lambda v: BEST[v.judgement]) for found in by_promise.values()]
    mine += findings.work_on_one
    for month, known in zip(ceilings.months(workspace), findings.hybrids, strict=True):
        mine += month.runtime(HYBRID, known)
    return _gate(HYBRID, mine)


def _gate(name: str, mine: Sequence[SloVerdict]) -> Gate:
    failed = tuple(v for v in mine if v.judgement is Judgement.FAIL)
    undecided = tuple(v for v in mine if v.judgement is Judgement.INCONCLUSIVE)
    if failed:
        return Gate(name, Judgement.FAIL, failed, undecided)
    return Gate(name, Judgement.INCONCLUSIVE if undecided or not mine else Judgement.PASS, failed, undecided)


@dataclass(frozen=True)
class Voids:
    """Why nothing can be said of the two (``work``: they did not do the same), or why they cannot be compared (``bias``)."""

    work: Reason | None = None
    bias: Reason | None = None


def choose(
    workspace: Workspace, findings: Findings, gates: Mapping[str, Gate], scored: Scoring | None, voids: Voids
) -> Chosen:
    """``gates`` by alternative. A bias voids comparisons; a promise is judged of each target by itself and stands."""
    stop = voids.work if findings.data.blocks_valid else reasons.NothingValid()
    if stop is not None:
        return Chosen(Choice.NONE, Confidence.LOW, stop, By.VOID)
    standing = [name for name, made in gates.items() if made.judgement is not Judgement.FAIL]
    own = [name for name in standing if name != HYBRID]
    if not own:
        if HYBRID in standing:
            return _only_hybrid(findings, gates[HYBRID], voids)
        return Chosen(Choice.NONE, Confidence.LOW, reasons.BothFailGates(), By.GATES)
    if len(own) == 1:
        rival = scored if findings.hybrid is not None and HYBRID in standing else None
        return _by_itself(workspace, gates, rival, own[0], voids)
    if voids.bias is not None:
        return Chosen(Choice.NONE, Confidence.LOW, voids.bias, By.VOID)
    return _between(workspace, findings, gates, scored, standing)


def _only_hybrid(findings: Findings, made: Gate, voids: Voids) -> Chosen:
    """Both parts fail; one that was run is judged as any target that stands alone."""
    whole = made.judgement is Judgement.PASS
    if findings.hybrid is not None:
        confidence = Confidence.LOW if voids.bias else Confidence.HIGH if whole else Confidence.MODERATE
        return Chosen(Choice.HYBRID, confidence, reasons.OnlyHybridStands(), By.GATES)
    why = reasons.TogetherKeepAll() if whole else reasons.TogetherFailNone()
    confidence = Confidence.MODERATE if whole and not voids.bias else Confidence.LOW
    return Chosen(Choice.HYBRID, confidence, why, By.GATES)


def _by_itself(
    workspace: Workspace, gates: Mapping[str, Gate], rival: Scoring | None, own: str, voids: Voids
) -> Chosen:
    """The only one of the two that stands. Beside it a hybrid that was run is chosen where the scores are firm about it.

    ``rival``: the scores, where there is such a hybrid: a second runtime must be worth its operation.
    """
    cards = [card for card in rival.cards if card.name in (own, HYBRID)] if rival else []
    if rival is not None and len(cards) == 2 and voids.bias is None:
        kappa, seed = workspace.config.criteria.kappa, workspace.config.pilot.seed
        share = acceptability(cards, rival.weights, kappa, seed).around[HYBRID]
        total = {card.name: card.total(rival.weights) for card in cards}
        if share >= FIRM and total[HYBRID] - total[own] >= TIE:
            sure = gates[HYBRID].judgement is Judgement.PASS
            confidence = Confidence.HIGH if sure else Confidence.MODERATE
            return Chosen(Choice.HYBRID, confidence, reasons.ScoresPrefer(share), By.SCORES, share)
    sure = gates[own].judgement is Judgement.PASS
    confidence = Confidence.LOW if voids.bias else Confidence.HIGH if sure else Confidence.MODERATE
    why = reasons.OnlyOneStands() if rival is None else reasons.StandsByItself()
    return Chosen(Choice(own), confidence, why, By.GATES)


def _between(
    workspace: Workspace, findings: Findings, gates: Mapping[str, Gate], scored: Scoring | None, standing: Sequence[str]
) -> Chosen:
    """No gate decides: the scores where they are firm, else cost and latency, else a tie."""
    measured = _by_measures(findings, workspace.config.margins.cost, gates)
    cards = [card for card in scored.cards if card.name in standing] if scored else []
    if scored is None or len(cards) < 2:
        return measured
    kappa, seed = workspace.config.criteria.kappa, workspace.config.pilot.seed
    shares = acceptability(cards, scored.weights, kappa, seed).around
    leader = max(shares, key=lambda name: shares[name])
    share = shares[leader]
    sure = gates[leader].judgement is Judgement.PASS
    totals = sorted((card.total(scored.weights) for card in cards), reverse=True)
    lead = totals[0] - totals[1]
    tie = lead < TIE
    if share >= FIRM and not tie:
        confidence = Confidence.HIGH if sure else Confidence.MODERATE
        return Chosen(Choice(leader), confidence, reasons.ScoresPrefer(share), By.SCORES, share)
    if share >= LEANING and not tie:
        return Chosen(Choice(leader), Confidence.MODERATE, reasons.ScoresLean(share, FIRM), By.LEANING, share)
    tied_first = {card.name for card in cards if card.total(scored.weights) >= min(totals[0] - TIE, totals[1])}
    alone = tied_first - {HYBRID}
    tied_names = tuple(card.name for card in cards if card.name in tied_first) if tie else ()
    if HYBRID in tied_first and len(alone) == 1:
        return _one_or_both(Choice(*alone), tied_names, lead, share, gates)
    if measured.choice is not Choice.NONE:
        why = reasons.TieBroken(tied_names, lead, share, measured.step)
        return Chosen(measured.choice, measured.confidence, why, By.MEASURES, share)
    tied = reasons.TieStands(tied_names, lead, share, measured.step)
    return Chosen(
        Choice.NONE, Confidence.LOW, tied, By.MEASURES, share, reversible=cheaper_to_reverse(findings, scored)
    )


def _one_or_both(own: Choice, tied: tuple[str, ...], lead: float, share: float, gates: Mapping[str, Gate]) -> Chosen:
    """One runtime and both together score alike: what tells the two runtimes apart does not say it, their number does."""
    sure = Confidence.MODERATE if gates[own.value].judgement is Judgement.PASS else Confidence.LOW
    return Chosen(own, sure, reasons.OneIsEnough(tied, lead, share), By.MEASURES, share)


def _by_measures(findings: Findings, cost_margin: float, gates: Mapping[str, Gate]) -> Chosen:
    """The cheaper one, if its latency is not shown to be worse."""
    data = findings.data
    a, b = findings.cost_of(data.baseline).per_success_usd, findings.cost_of(data.candidate).per_success_usd
    felt = [c.relation for c in findings.comparisons if c.metric in FELT]
    worse, better = Relation.WORSE in felt, Relation.BETTER in felt
    passing = all(gates[name].judgement is Judgement.PASS for name in (BASELINE, CANDIDATE))
    sure = Confidence.HIGH if passing else Confidence.MODERATE
    cheaper = _cheaper(a, b, cost_margin)
    if cheaper == CANDIDATE and not worse:
        return Chosen(Choice.CANDIDATE, sure, reasons.CheaperNotSlower(), By.MEASURES)
    if cheaper == BASELINE and not better:
        return Chosen(Choice.BASELINE, sure, reasons.CheaperNotSlower(), By.MEASURES)
    if cheaper is None and better != worse:
        choice = Choice.CANDIDATE if better else Choice.BASELINE
        return Chosen(choice, Confidence.MODERATE, reasons.FasterSameCost(), By.MEASURES)
    why = reasons.CostAgainstLatency() if cheaper else reasons.NothingTellsApart()
    return Chosen(Choice.NONE, Confidence.LOW, why, By.MEASURES, reversible=cheaper_to_reverse(findings, None))


def cheaper_to_reverse(findings: Findings, scored: Scoring | None) -> str | None:
    """By the team's lock-in scores; else the one that costs less while nobody asks, which is what leaving it costs."""
    if scored is not None and Criterion.LOCK_IN in scored.weights:
        cards = [c for c in scored.cards if c.name in (BASELINE, CANDIDATE)]
        low, high = sorted(cards, key=lambda c: c.scores[Criterion.LOCK_IN].value)
        if high.scores[Criterion.LOCK_IN].value > low.scores[Criterion.LOCK_IN].value:
            return high.name
    data = findings.data
    fixed = {
        BASELINE: findings.cost_of(data.baseline).resting_usd,
        CANDIDATE: findings.cost_of(data.candidate).resting_usd,
    }
    known = {name: usd for name, usd in fixed.items() if usd is not None}
    if len(known) < 2 or known[BASELINE] == known[CANDIDATE]:
        return None
    return min(known, key=lambda name: known[name])


def _cheaper(baseline: Known, candidate: Known, margin: float) -> str | None:
    """Whose cost interval lies wholly below the other's and whose value by more than the sealed margin; else None."""
    if not isinstance(baseline, Estimate) or not isinstance(candidate, Estimate):
        return None
    if candidate.high is not None and baseline.low is not None and candidate.high < baseline.low:
        return CANDIDATE if candidate.value * margin <= baseline.value else None
    if baseline.high is not None and candidate.low is not None and baseline.high < candidate.low:
        return BASELINE if baseline.value * margin <= candidate.value else None
    return None
