"""The capacity page: the highest rate within the SLO, its knee, and what the expected peak needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.analysis.capacity import UTILISATION, Capacity, TriedRate
from harness.decision.findings import Findings
from harness.domain.estimate import Estimate
from harness.domain.reasons.choice import StepBroke
from harness.report import charts_cold
from harness.report.blocks import Figure, Table, listed, marked, table
from harness.report.columns import counted, figure, interval, plain, seconds, share, target, text, word
from harness.report.figures import pair_of
from harness.report.svg import render
from harness.words import said
from harness.words.numbers import percent, significant

Names = Mapping[str, str]


def capacities(findings: Findings, names: Names) -> Table:
    """One row a target."""
    sizes = {s.target: s for s in findings.sizings}
    peak = next((s.peak_per_s for s in findings.sizings), None)
    note = (
        f"Expected peak {peak:g} requests/s; sized so that it uses {UTILISATION * 100:.0f} % of what is sustained. "
        "Interval: 95 % of the search's posterior, never narrower than its precision; t over searches where that is wider."
        if peak is not None
        else ""
    )
    return listed(
        "capacity",
        "How much each target sustains within the SLO",
        findings.capacities,
        [
            (target(names), lambda c: c.target),
            (figure("sustained (requests/s)", "sustained_per_s", significant, lack="not known"), lambda c: c.per_s),
            (interval("sustained_per_s", significant, "interval"), lambda c: c.per_s),
            (
                figure("an instance", "instance_per_s", significant, lack="instances not known"),
                lambda c: c.per_instance_per_s,
            ),
            (figure("instances that answered", "instances", significant, lack="not known"), lambda c: c.instances),
            (share("used at the expected peak", "used_share", lack="not known"), lambda c: sizes[c.target].utilisation),
            (
                counted("instances for the expected peak", "instances_needed", lack="not known"),
                lambda c: sizes[c.target].instances_needed,
            ),
            (
                figure("busy at cost break-even", "break_even_share", percent, lack="not known"),
                lambda c: findings.break_even(c.target),
            ),
            (interval("break_even_share", percent, "its interval"), lambda c: findings.break_even(c.target)),
            (counted("requests spent", "requests"), lambda c: c.requests),
            (counted("searches", "searches"), lambda c: c.searches),
            (text("why the search ended"), lambda c: tuple(c.ended)),
        ],
        note,
    )


def steps(findings: Findings, names: Names) -> Table:
    """Every step of every search."""
    rows = [
        (
            c.target,
            s.block,
            s.rate,
            s.requests,
            s.p95_s,
            _verdict(s),
        )
        for c in findings.capacities
        for s in c.steps
    ]
    shown = (
        target(names),
        plain("block", "unit"),
        figure("rate (requests/s)", "offered_per_s", significant),
        counted("requests", "requests"),
        seconds("p95", "p95_s", lack="infinite: too many failed"),
        text("step"),
    )
    return table("capacity-steps", "The steps of the searches", shown, rows)


def _verdict(step: TriedRate) -> str:
    return f"{step.verdict.value}: {said(StepBroke(step.why))}" if step.why else step.verdict.value


def knee(findings: Findings, names: Names, limit_s: float) -> Figure | None:
    """P95 against the offered rate."""
    points: list[dict[str, Any]] = [
        {"target": names[c.target], "rate": s.rate, "p95": s.p95_s, "kept": s.verdict.value}
        for c in findings.capacities
        for s in c.steps
        if s.p95_s is not None
    ]
    if not points:
        return None
    brackets = [
        {"target": names[c.target], "value": c.per_s.value, "low": c.per_s.low, "high": c.per_s.high}
        for c in findings.capacities
        if isinstance(c.per_s, Estimate)
    ]
    title = "; ".join(_sentence(c, names) for c in findings.capacities)
    subtitle = (
        "One mark a step of the search; dashed: the sustained rate with its interval. A step in which so many failed that its "
        "p95 is infinite has no mark and stands in the table."
    )
    values = [
        (c.target, s.rate, s.p95_s, s.verdict.value)
        for c in findings.capacities
        for s in c.steps
        if s.p95_s is not None
    ]
    shown = table(
        "knee-table",
        title,
        (
            target(names),
            figure("rate (requests/s)", "offered_per_s", significant),
            seconds("p95", "p95_s"),
            word("step"),
        ),
        values,
    )
    spec = charts_cold.knee(marked(points, shown), brackets, pair_of(findings, names), limit_s)
    return Figure("knee", title, subtitle, render(spec, title), shown)


def _sentence(c: Capacity, names: Names) -> str:
    if isinstance(c.per_s, Estimate):
        return f"{names[c.target]} sustains {significant(c.per_s.value)} requests a second within the SLO"
    if c.at_least is not None:
        return f"{names[c.target]} sustains at least {significant(c.at_least)} requests a second: no limit was found"
    return f"{names[c.target]}: {said(c.per_s.reason)}"


def rule(findings: Findings) -> str:
    """How a search decides, in words."""
    return next((c.rule for c in findings.capacities if c.rule), "")
