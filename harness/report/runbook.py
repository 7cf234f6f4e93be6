"""What comes after the decision: alarms and sizes in measured numbers, quotas, and the migration plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.campaign.progress import duration
from harness.decision.decide import Decision
from harness.decision.findings import Findings
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.rule import Cap, Choice
from harness.domain.columns import Column, Kind
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reasons.absence import NotTimed
from harness.domain.target import Target
from harness.domain.verdict import Judgement
from harness.report import hybrid
from harness.report.blocks import Cell, Shown, Table, number, table
from harness.report.columns import figure, moment, plain, target, text, word
from harness.run.timing import EVENT, STEPS
from harness.words.numbers import counted, duration_text, money, percent, significant
from harness.workspace import Workspace

Names = Mapping[str, str]
THEN = {
    Judgement.PASS: "roll back when it lasts for 15 minutes after a change",
    Judgement.FAIL: "it is broken already: fix it first",
    Judgement.INCONCLUSIVE: "not decided yet: measure more before it is relied on",
}


def alarms(workspace: Workspace, findings: Findings, decision: Decision, names: Names) -> Table:
    """What to watch on what was chosen: thresholds from the promises, beside what the pilot measured."""
    chosen = decision.target or findings.data.baseline
    rows: list[tuple[Any, ...]] = []
    for v in findings.promises_of(chosen):
        if v.slo.unit == "USD" or not isinstance(v.estimate, Estimate):
            continue  # a month's cost has a row of its own
        half = v.slo.limit if v.slo.at_least else v.slo.limit * 0.8
        values = ((value, v.slo.unit) for value in (v.estimate.value, half, v.slo.limit))
        rows.append((f"{v.slo.name}, {v.profile} traffic", *values, THEN[v.judgement]))
    rows += _sizes(workspace, findings, chosen)
    shown = (text("watch"), *(_threshold(head) for head in ("measured", "warn at", "page at")), text("then"))
    return table("alarms", f"Alarms and sizes for {names[chosen]}", shown, rows)


WRITE = {"s": duration_text, "share": percent, "USD": money, "requests": significant}


def _threshold(head: str) -> Shown:
    """A figure in its row's own unit."""
    name = head.replace(" ", "_")
    value = Column(name, Kind.FLOAT, head)
    if head != "measured":
        return Shown(head, (value,), _written, lambda v: v[:1])
    return Shown(head, (value, Column("unit", Kind.WORD, "of the row")), _written, lambda v: v)


def _written(value: tuple[float, str]) -> Cell:
    return number(WRITE[value[1]](value[0]))


def _sizes(workspace: Workspace, findings: Findings, target: str) -> list[tuple[Any, ...]]:
    peak = workspace.config.traffic.peak_per_s
    out: list[tuple[Any, ...]] = []

    def row(watch: str, unit: str, values: tuple[float, float, float], then: str) -> None:
        out.append((watch, *((value, unit) for value in values), then))

    p95 = next((v.estimate for v in findings.promises_of(target) if v.slo.metric == "p95_s"), None)
    if isinstance(p95, Estimate):
        need = peak * (p95.high or p95.value)
        then = "reserve at least as much; the peak rate times the p95"
        row(f"concurrency at the expected peak of {peak:g} a second", "requests", (need, need * 0.8, need), then)
    for sizing in findings.sizings:
        if sizing.target != target or isinstance(sizing.utilisation, Unknown):
            continue
        then = f"{sizing.instances_needed} instances keep it there" if sizing.instances_needed else "scale out"
        row("use of what it sustains, at the peak", "share", (sizing.utilisation.value, 0.7, 1.0), then)
    cost = findings.cost_of(target)
    ceiling = workspace.config.slo.monthly_runtime_usd
    if isinstance(cost.per_month_usd, Estimate) and ceiling is not None:
        values = (cost.per_month_usd.value, ceiling * 0.8, float(ceiling))
        row("runtime cost a month", "USD", values, "see what would change this")
    return out


def quotas(checks: Mapping[str, Sequence[Mapping[str, Any]]] | None) -> Table:
    """What was asked before the first block: quotas, timeouts, fairness."""
    rows = [
        (group, str(c["name"]), str(c["answer"]), str(c["detail"]))
        for group in ("limits", "platforms", "quotas", "fairness")
        for c in (checks or {}).get(group, ())
    ]
    shown = (word("group"), text("check"), word("answer"), text("detail"))
    return table("quotas", "Quotas and constraints met", shown, rows)


def timed(journal: Sequence[Mapping[str, Any]], names: Names, pair: Sequence[str]) -> Table:
    """The last deployment and rollback of each target; what nobody timed is said."""
    rows = []
    for name in pair:
        for step in STEPS:
            mine = [e for e in journal if (e["event"], e.get("target"), e.get("step")) == (EVENT, name, step)]
            last: Mapping[str, Any] = mine[-1] if mine else {}
            took = last.get("seconds", Unknown(NotTimed(name, step)))
            rows.append((name, step, took, last.get("exit_code"), len(mine), last.get("utc")))
    shown = (
        target(names),
        word("step"),
        figure("took", "took_s", duration, lack="not timed"),
        plain("exit code", "exit_code", lack="none"),
        plain("times", "times"),
        moment("on (UTC)", "at_utc", lack="none", digits=16),
    )
    return table("timed", "How long deploying and taking back took", shown, rows)


def migration(decision: Decision, findings: Findings, names: Names, router: Target | None = None) -> tuple[str, ...]:
    """What has to be known first, then the steps."""
    steps = _steps(decision, findings, names, router)
    return steps if len(steps) == 1 else (*_first(decision, names), *steps)


def _first(decision: Decision, names: Names) -> Iterator[str]:
    """No step is taken by a rehearsal, or while promises of the one that is moved to are open."""
    if Cap.REHEARSAL in decision.caps:
        yield "First measure your own two deployments (pilot init); take these steps only if they give the same answer."
    sides = {Choice.CANDIDATE: CANDIDATE, Choice.HYBRID: HYBRID}
    wanted = sides.get(decision.choice)
    made = dict(zip((BASELINE, CANDIDATE, HYBRID), decision.gates, strict=True)).get(wanted or "")
    if made is not None and (undecided := len(made.open)):
        label = names.get(made.target, "the router")
        yield f"Decide the {counted(undecided, 'open promise')} of {label} first (do next, on page one): go on only if it keeps them."


def _steps(decision: Decision, findings: Findings, names: Names, router: Target | None) -> tuple[str, ...]:
    """Canary steps in the pilot's own numbers; what is served from today is the baseline."""
    data = findings.data
    if decision.choice is Choice.HYBRID and findings.hybrid is not None and router is not None:
        return hybrid.migration(findings.hybrid, router, findings, names)
    if decision.choice is Choice.HYBRID:
        return ("Nothing is moved yet: both together were not measured. Measure a router first (docs/hybrid.md).",)
    to = {Choice.BASELINE: data.baseline, Choice.CANDIDATE: data.candidate}.get(decision.choice)
    if to is None:
        return ("Nothing is moved yet: the decision does not name one target.",)
    if to == data.baseline:
        return (
            f"Stay on {names[data.baseline]}; keep the deployment of {names[data.candidate]} for as long as this decision may be reopened.",
        )
    p95 = next((v for v in findings.slos if v.target == to and v.slo.metric == "p95_s"), None)
    rollback = f"its p95 stays above {duration_text(p95.slo.limit)}" if p95 else "an SLO is broken"
    return (
        f"Deploy {names[to]} beside {names[data.baseline]}, on the same store and model, and hold it to the contract (pilot check).",
        "Mirror 1 % of requests for a day without using the answers: citations and token counts must agree as they did here.",
        f"Serve 5 %, then 25 %, then 50 %, each for a whole day with its peak; go back a step when {rollback} for 15 minutes.",
        f"Serve all of it for a week with {names[data.baseline]} at its least size, ready to take over.",
        f"Then destroy {names[data.baseline]}; until that day both are billed.",
    )
