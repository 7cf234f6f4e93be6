"""What comes after the decision: alarms and sizes in measured numbers, quotas, placement, and the way over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.campaign.progress import duration
from harness.campaign.timing import EVENT, STEPS
from harness.decision.decide import Decision
from harness.decision.findings import Findings
from harness.decision.placement import OPEN, WARM, Placed
from harness.decision.rule import Choice
from harness.decision.wording import duration_text, money, percent, significant
from harness.domain.estimate import Estimate, Unknown
from harness.domain.verdict import Judgement
from harness.report.blocks import Cell, Table, absent, number, table
from harness.workspace import Workspace

Names = Mapping[str, str]


def placed(rows: Sequence[Placed], names: Names) -> Table:
    """Each workload, its place and the measured reason."""
    cells = [
        (
            Cell(row.workload),
            absent(row.place) if row.place == OPEN else Cell(("● " if row.place == WARM else "○ ") + row.place),
            Cell(_named(row.reason, names)),
        )
        for row in rows
    ]
    return table("placement", "Where each workload belongs", ("workload", "place", "because"), cells)


def _named(text: str, names: Names) -> str:
    for name, label in names.items():
        text = text.replace(f" of {name} ", f" of {label} ")
    return text


def alarms(workspace: Workspace, findings: Findings, decision: Decision, names: Names) -> Table:
    """What to watch on what was chosen: thresholds from the promises, beside what the pilot measured."""
    target = decision.target or findings.data.baseline
    rows: list[tuple[Cell, ...]] = []
    for v in findings.slos:
        if v.target != target or not isinstance(v.estimate, Estimate):
            continue
        write = {"s": duration_text, "share": percent}[v.slo.unit]
        half = v.slo.limit if v.slo.at_least else v.slo.limit * 0.8
        rows.append(
            (
                Cell(f"{v.slo.name}, {v.profile} traffic"),
                number(write(v.estimate.value)),
                number(write(half)),
                number(write(v.slo.limit)),
                Cell(
                    "roll back when it lasts for 15 minutes after a change" if v.judgement is Judgement.PASS else "open"
                ),
            )
        )
    rows += _sizes(workspace, findings, target)
    head = ("watch", "measured", "warn at", "page at", "then")
    return table("alarms", f"Alarms and sizes for {names[target]}", head, rows)


def _sizes(workspace: Workspace, findings: Findings, target: str) -> list[tuple[Cell, ...]]:
    peak = workspace.config.traffic.peak_per_s
    out: list[tuple[Cell, ...]] = []
    p95 = next((v.estimate for v in findings.slos if v.target == target and v.slo.metric == "p95_s"), None)
    if isinstance(p95, Estimate):
        need = peak * (p95.high or p95.value)
        out.append(
            (
                Cell(f"concurrency at the expected peak of {peak:g} a second"),
                number(significant(need)),
                number(significant(need * 0.8)),
                number(significant(need)),
                Cell("reserve at least as much; the peak rate times the p95"),
            )
        )
    for sizing in findings.sizings:
        if sizing.target != target or isinstance(sizing.utilisation, Unknown):
            continue
        use = sizing.utilisation
        wanted = f"{sizing.instances_needed} instances keep it there" if sizing.instances_needed else "scale out"
        out.append(
            (
                Cell("use of what it sustains, at the peak"),
                number(percent(use.value)),
                number("70 %"),
                number("100 %"),
                Cell(wanted),
            )
        )
    cost = findings.cost_of(target)
    ceiling = workspace.config.slo.monthly_runtime_usd
    if isinstance(cost.per_month_usd, Estimate) and ceiling is not None:
        value = money(cost.per_month_usd.value)
        warn, page = money(ceiling * 0.8), money(ceiling)
        out.append(
            (
                Cell("runtime cost a month"),
                number(value),
                number(warn),
                number(page),
                Cell("see what would change this"),
            )
        )
    return out


def quotas(checks: Mapping[str, Sequence[Mapping[str, Any]]] | None) -> Table:
    """What was asked before the first block: quotas, timeouts, fairness."""
    rows = [
        (Cell(group), Cell(str(c["name"])), Cell(str(c["answer"])), Cell(str(c["detail"])))
        for group in ("limits", "platforms", "quotas", "fairness")
        for c in (checks or {}).get(group, ())
    ]
    return table("quotas", "Quotas and constraints met", ("group", "check", "answer", "detail"), rows)


def timed(journal: Sequence[Mapping[str, Any]], names: Names, pair: Sequence[str]) -> Table:
    """The last deployment and rollback of each target; what nobody timed is said."""
    rows = []
    for target in pair:
        for step in STEPS:
            mine = [e for e in journal if (e["event"], e.get("target"), e.get("step")) == (EVENT, target, step)]
            last = mine[-1] if mine else None
            rows.append(
                (
                    Cell(names[target]),
                    Cell(step),
                    number(duration(last["seconds"])) if last else absent(f"not timed: pilot time {target} {step}"),
                    number(str(last["exit_code"])) if last else absent("none"),
                    number(str(len(mine))),
                    Cell(str(last["utc"])[:16].replace("T", " ")) if last else absent("none"),
                )
            )
    head = ("target", "step", "took", "exit code", "times", "on (UTC)")
    return table("timed", "How long deploying and taking back took", head, rows)


def migration(decision: Decision, findings: Findings, names: Names) -> tuple[str, ...]:
    """Canary steps in the pilot's own numbers; what is served from today is the baseline."""
    data = findings.data
    to = {Choice.BASELINE: data.baseline, Choice.CANDIDATE: data.candidate}.get(decision.choice)
    if to is None:
        return ("Nothing is moved yet: the decision does not name one target.",)
    if to == data.baseline:
        return (
            f"Stay on {names[data.baseline]}; keep the deployment of {names[data.candidate]} for as long as it may be asked again.",
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
