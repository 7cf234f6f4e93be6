"""Page one: everything that can be acted on alone, as values; no markup. Its sentences are functions of typed facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.campaign.progress import duration
from harness.decision.decide import Decision, would_change
from harness.decision.effects import stands_out, worst_broken
from harness.decision.findings import Findings
from harness.decision.gravity import SAID_FIRST, gravest
from harness.decision.headline import headline
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.rule import By
from harness.decision.turns import turns
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reason import Reason, labelled
from harness.domain.reasons import decided, page
from harness.domain.reasons.doubt import FewValid, IsRehearsal, PeakBeyond
from harness.domain.verdict import Judgement
from harness.predict.cost import Cost, whole_month
from harness.predict.prediction import CONFIDENCE, Quantity
from harness.report import anchors
from harness.report.figures import apart
from harness.report.promises import Picture, picture
from harness.words import all_said, said
from harness.words.numbers import count, duration_text, level, money, percent, significant
from harness.words.page import ends, short
from harness.workspace.pilot_toml import Scaling

Names = Mapping[str, str]
Write = Callable[[float], str]
DOUBTS = 2
SAME = 0.01  # of a whole bill: where runtime saves as much as all of it, it is told once


@dataclass(frozen=True)
class Figure:
    """A value with its interval, empty where it reads as the value does, or why there is none."""

    value: str
    interval: str
    absent: bool = False


@dataclass(frozen=True)
class Traffic:
    """One column: a runtime at your traffic. Bars in percent of the dearest."""

    side: str
    label: str
    whole: Figure
    runtime: Figure
    p95: Figure
    cold: Figure
    instances: Figure
    runtime_bar: float
    shared_bar: float
    simulated: bool  # of a router only its cost is

    @property
    def untold(self) -> str:
        """Why none of it is known, each reason once."""
        every = (self.whole, self.runtime, self.p95, self.cold, self.instances)
        return "; ".join(dict.fromkeys(f.interval for f in every)) if all(f.absent for f in every) else ""


@dataclass(frozen=True)
class Change:
    """What would turn the answer, and who would act."""

    text: str
    actor: str


@dataclass(frozen=True)
class PageOne:
    """In reading order; ``which`` to ``monday`` answer the reader's five questions, each in a sentence."""

    question: str
    which: str
    why: str
    sure: str
    notes: tuple[str, ...]  # what is a rehearsal, quick or short, in the team's words too
    state: tuple[str, ...]  # how far the pilot is, where it is not at its end
    measured: str
    breaks: str
    promises: Picture
    cost: str
    month: str
    levels: str  # of the month's intervals
    traffic: tuple[Traffic, ...]
    findings: tuple[str, ...]
    changes: tuple[Change, ...]
    doubts: tuple[str, ...]
    more_doubts: int
    monday: str
    finding_anchors: tuple[str, ...]  # of each of the findings

    @property
    def played(self) -> bool:
        """Whether anything is known of the month."""
        return not all(column.untold for column in self.traffic)

    @property
    def why_unknown(self) -> tuple[str, ...]:
        """Where nothing is: each reason once."""
        return tuple(dict.fromkeys(f"{t.untold[:1].upper()}{t.untold[1:]}." for t in self.traffic))


def page_one(
    question: str,
    findings: Findings,
    decision: Decision,
    doubts: Sequence[Reason],
    step: Callable[[Names], Reason],
    state: Sequence[str],
    scaling: Scaling,
    labels: Names,
    sides: Names,
) -> PageOne:
    """``step``: what to do next; ``labels`` by target, ``sides`` by alternative."""
    pair = [labels[name] for name in findings.data.targets]
    names, brief = briefly(labels, pair), briefly(sides, pair)
    gates = dict(zip((BASELINE, CANDIDATE, HYBRID), decision.gates, strict=True))
    answer = headline(decision.chosen, findings, gates, names)
    changing = would_change(findings, names)
    first = _breaks(findings, changing, names)
    turning = turns(replace(decision, would_change=tuple(changing)), findings, names, brief)
    found = stands_out(findings, names, first)
    told = (FewValid,) if state else ()
    above = (*SAID_FIRST, *told, *((PeakBeyond,) if any(isinstance(r, page.NoRoom) for r in found) else ()))
    others = [d for d in doubts if not isinstance(d, above)]  # those stand on the page already
    grave = gravest(others, DOUBTS)
    return PageOne(
        question=question,
        which=said(answer),
        why=_why(answer, findings, decision, names),
        sure=said(_how_sure(findings, decision)),
        notes=_notes(scaling),
        state=tuple(state),
        measured=_measured(findings),
        breaks=said(first),
        promises=picture(findings, names),
        cost=said(_months(findings, names)),
        month=f"A month at {count(findings.expected_requests)} requests",
        levels=_levels(findings),
        traffic=tuple(_traffic(findings, names)),
        findings=all_said(found),
        changes=tuple(Change(short(t.told), t.actor.value if t.actor else "") for t in turning),
        doubts=all_said(labelled(d, names) for d in grave),
        more_doubts=len(others) - len(grave),
        monday=said(step(names)),
        finding_anchors=anchors.findings(found),
    )


def briefly(labels: Names, pair: Sequence[str]) -> dict[str, str]:
    """Without what both of the pair end with in brackets: it tells neither from the other."""
    tails = {label[label.rfind(" (") :] if label.endswith(")") and " (" in label else "" for label in pair}
    tail = tails.pop() if len(tails) == 1 else ""
    return {name: label.removesuffix(tail) for name, label in labels.items()}


def _notes(scaling: Scaling) -> tuple[str, ...]:
    """A rehearsal says so first; a short pilot's own notes stand here whatever it is."""
    return (*((said(IsRehearsal()),) if scaling.rehearsal else ()), *scaling.notes)


def _measured(findings: Findings) -> str:
    """How much and for how long: a pilot of minutes is seen to be one."""
    runs = [r for r in findings.data.runs if r.record.run]
    if not runs:
        return "Nothing valid was measured."
    days = sorted({str(r.record.run["started_utc"])[:10] for r in runs if r.record.run})
    requests = sum(int(r.measured.sum()) for r in runs)
    loaded = sum(float(r.record.run.get("elapsed_s") or 0.0) for r in runs if r.record.run)
    span = days[0] if len(days) == 1 else f"{len(days)} days, {days[0]} to {days[-1]}"
    return f"{count(requests)} requests in {duration(loaded)} of load, {span}."


def _how_sure(findings: Findings, decision: Decision) -> Reason:
    data = findings.data
    verdicts = [v for name in dict.fromkeys(data.targets) for v in findings.promises_of(name)]
    told = sum(v.judgement is not Judgement.INCONCLUSIVE for v in verdicts)
    caps = tuple(cap.value for cap in decision.caps)
    blocks = (len(data.blocks_valid), data.blocks_planned)
    spared = len(findings.ended.not_needed) if findings.ended else 0
    return page.HowSure(decision.confidence.value, caps, *blocks, told, len(verdicts), spared)


def _why(answer: Reason, findings: Findings, decision: Decision, names: Names) -> str:
    """What the answer does not say yet: the alternatives against their promises, and the money between them."""
    if decision.chosen.by is By.VOID:
        return ""
    data = findings.data
    order = [*([decision.target] if decision.target else []), *data.targets]
    if findings.hybrid is not None:
        order.append(findings.hybrid.target)
    told: tuple[str | None, ...] = ()
    if isinstance(answer, decided.SoFar | decided.ServeFrom):
        told = (decision.target,)
    elif isinstance(answer, decided.Equivalent | decided.NoWinner | decided.BothBreak):
        told = data.targets
    some = [name for name in dict.fromkeys(order) if name not in told]
    kept = [_kept(findings, name, names[name], first=name == some[0]) for name in some]
    parts = all_said([*kept, *_saves(findings, names)])
    step = said(decision.chosen.step) if decision.chosen.by in (By.SCORES, By.LEANING) else ""
    return f"{'; '.join(parts)}. {step}".strip() if parts else step


def _kept(findings: Findings, target: str, label: str, *, first: bool) -> Reason:
    mine = findings.promises_of(target)
    own, work = ([v.judgement for v in mine if (v.target == target) is its] for its in (True, False))
    told, elsewhere = (
        (found.count(Judgement.PASS), found.count(Judgement.FAIL), found.count(Judgement.INCONCLUSIVE))
        for found in (own, work)
    )
    return page.Kept(label, first, *told, elsewhere)


def _saves(findings: Findings, names: Names) -> Iterator[Reason]:
    """Of the runtime, beside the whole bill where that differs; only what intervals that lie apart show."""
    months = [(c.target, c.per_month_usd) for c in findings.costs if isinstance(c.per_month_usd, Estimate)]
    if len(months) < 2:
        return
    (less, few), (more, many) = sorted(months, key=lambda one: one[1].value)
    if not apart(few, many):
        return
    saved = many.value - few.value
    least, most = (whole_month(findings.cost_of(name)) for name in (less, more))
    if not isinstance(least, Estimate) or not isinstance(most, Estimate):
        yield page.Saves(names[less], saved, None)
        return
    in_all = most.value - least.value
    if in_all >= 0 and abs(in_all - saved) <= SAME * most.value:
        yield page.Saves(names[less], saved, saved / most.value)
    elif apart(least, most):
        yield page.Saves(names[less], saved, in_all / most.value, in_all)
    elif in_all >= 0:
        yield page.Saves(names[less], saved, None)


def _breaks(findings: Findings, changing: Sequence[Reason], names: Names) -> Reason:
    """What breaks first: now, or at the nearest volume at which something does."""
    pair = dict.fromkeys(findings.data.targets)
    verdicts = [v for name in pair for v in findings.promises_of(name)]
    if not findings.data.blocks_valid or not verdicts:
        return page.BreaksUnknown()
    if (now := worst_broken(findings, names)) is not None:
        return now
    undecided = sum(v.judgement is Judgement.INCONCLUSIVE for v in verdicts)
    for one in findings.volumes.seen if findings.volumes else ():
        if one.target in pair and one.breaks_now:
            return page.BreaksLikely(names[one.target], one.breaks_now[0].name, len(one.breaks_now) - 1, undecided)
    above = [r for r in changing if isinstance(r, decided.PromiseBreaks)]
    above = [r for r in above if not r.kept_above and r.factor >= 1]
    if above:
        first = min(above, key=lambda r: r.factor)
        return page.BreaksAt(first.label, first.name, first.factor, (first.low, first.high), undecided)
    kept = [r.factor for r in changing if isinstance(r, decided.KeptUpTo)]
    known = [factor for factor in kept if factor is not None]
    return page.NothingBreaks(min(known) if known and len(known) == len(kept) else None, undecided)


def _columns(findings: Findings) -> list[tuple[str, Cost]]:
    data = findings.data
    found = [(BASELINE, findings.cost_of(data.baseline)), (CANDIDATE, findings.cost_of(data.candidate))]
    return found + ([(HYBRID, findings.hybrid.cost)] if findings.hybrid is not None else [])


def _months(findings: Findings, names: Names) -> Reason:
    def value(known: Known) -> float | None:
        return known.value if isinstance(known, Estimate) else None

    pair = [c for side, c in _columns(findings) if side != HYBRID]
    return page.Months(tuple((names[c.target], value(whole_month(c)), value(c.per_month_usd)) for c in pair))


def _levels(findings: Findings) -> str:
    """Cost has that of the verdicts, what else is simulated its own."""
    months = (c.per_month_usd for _, c in _columns(findings))
    of_cost = next((f", of cost {level(m.confidence)}" for m in months if isinstance(m, Estimate)), "")
    return f"{level(CONFIDENCE)} intervals{of_cost}"


def _traffic(findings: Findings, names: Names) -> Iterator[Traffic]:
    columns = _columns(findings)
    whole = {side: known.value for side, c in columns if isinstance(known := whole_month(c), Estimate)}
    dearest = max(whole.values(), default=0.0)
    for side, cost in columns:
        runtime = cost.per_month_usd
        own = 100 * runtime.value / dearest if dearest and isinstance(runtime, Estimate) else 0.0
        yield Traffic(
            side,
            names[cost.target],
            _figure(whole_month(cost), money),
            _figure(runtime, money),
            _played(findings, cost.target, Quantity.P95, duration_text),
            _played(findings, cost.target, Quantity.COLD_SHARE, percent),
            _played(findings, cost.target, Quantity.INSTANCES_MEAN, significant),
            round(own, 1),
            round(100 * whole.get(side, 0.0) / dearest - own, 1) if dearest else 0.0,
            any(one.target == cost.target for one in findings.played.prediction.at),
        )


def _played(findings: Findings, target: str, quantity: Quantity, write: Write) -> Figure:
    at = next((a for a in findings.played.prediction.at if (a.target, a.factor) == (target, 1.0)), None)
    return Figure("not simulated", "", absent=True) if at is None else _figure(at.of(quantity).known, write)


def _figure(known: Known, write: Write) -> Figure:
    if isinstance(known, Unknown):
        return Figure("not known", said(known.reason), absent=True)
    value, wide = write(known.value), ends((known.low, known.high), write)
    return Figure(value, "" if wide == value else wide)
