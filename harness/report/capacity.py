"""The capacity page: the highest rate within the SLO, its knee, and what the expected peak needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.analysis.capacity import UTILISATION, Capacity, Tried
from harness.decision.findings import Findings
from harness.decision.wording import count, duration_text, percent, significant
from harness.domain.estimate import Estimate, Known
from harness.report import charts_cold, words
from harness.report.blocks import Cell, Figure, Table, absent, marked, number, table
from harness.report.figures import pair_of
from harness.report.svg import render

Names = Mapping[str, str]
SECONDS_PER_MONTH = 730 * 3600
WHY = {"": "", "failures": "too many failures"}


def capacities(findings: Findings, names: Names) -> Table:
    """One row a target."""
    sizes = {s.target: s for s in findings.sizings}
    rows = []
    for c in findings.capacities:
        size = sizes[c.target]
        use = size.utilisation
        one = c.per_instance_per_s
        rows.append(
            (
                Cell(names[c.target]),
                _rate(c.per_s),
                _rate_interval(c.per_s),
                number(significant(one)) if one is not None else absent("instances not known"),
                number(significant(c.instances)) if c.instances is not None else absent("not known"),
                number(percent(use.value)) if isinstance(use, Estimate) else absent(use.reason),
                number(count(size.instances_needed)) if size.instances_needed is not None else absent("not known"),
                _break_even(findings, c),
                number(count(c.requests)),
                number(count(c.searches)),
                Cell("; ".join(c.ended)),
            )
        )
    peak = next((s.peak_per_s for s in findings.sizings), None)
    head = (
        *("target", "sustained (requests/s)", "interval", "an instance", "instances that answered"),
        *("used at the expected peak", "instances for the expected peak", "cost break-even uses", "requests spent"),
        *("searches", "why the search ended"),
    )
    note = (
        f"Expected peak {peak:g} requests/s; sized so that it uses {UTILISATION * 100:.0f} % of what is sustained. "
        "Interval: 95 % of the search's posterior, never narrower than its precision; t over searches where that is wider."
        if peak is not None
        else ""
    )
    return table("capacity", "How much each target sustains within the SLO", head, rows, note)


def _rate(known: Known) -> Cell:
    return number(significant(known.value)) if isinstance(known, Estimate) else absent(known.reason)


def _rate_interval(known: Known) -> Cell:
    return number(words.interval_text(known, significant)) if isinstance(known, Estimate) else absent("none")


def _break_even(findings: Findings, c: Capacity) -> Cell:
    """Which share of its capacity a target would be used to at the volume where the costs cross."""
    crossing = findings.crossing
    if crossing is None:
        return absent("the costs do not cross")
    if crossing.cheaper_above != c.target:
        return absent("billed by use")
    if not isinstance(c.per_s, Estimate):
        return absent("capacity not known")
    return number(percent(crossing.requests / SECONDS_PER_MONTH / c.per_s.value) + " of it")


def steps(findings: Findings, names: Names) -> Table:
    """Every step of every search."""
    rows = [
        (
            Cell(names[c.target]),
            number(str(s.block)),
            number(significant(s.rate)),
            number(count(s.requests)),
            number(duration_text(s.p95_s)) if s.p95_s is not None else absent("infinite: too many failed"),
            Cell(_verdict(s)),
        )
        for c in findings.capacities
        for s in c.steps
    ]
    head = ("target", "unit", "rate (requests/s)", "requests", "p95", "step")
    return table("capacity-steps", "The steps of the searches", head, rows)


def _verdict(step: Tried) -> str:
    return f"{step.verdict.value}: {WHY.get(step.why, step.why)}" if step.why else step.verdict.value


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
    cells = [
        (Cell(p["target"]), number(significant(p["rate"])), number(duration_text(p["p95"])), Cell(p["kept"]))
        for p in points
    ]
    shown = table("knee-table", title, ("target", "rate (requests/s)", "p95", "step"), cells)
    spec = charts_cold.knee(marked(points, shown), brackets, pair_of(findings, names), limit_s)
    return Figure("knee", title, subtitle, render(spec, title), shown)


def _sentence(c: Capacity, names: Names) -> str:
    if isinstance(c.per_s, Estimate):
        return f"{names[c.target]} sustains {significant(c.per_s.value)} requests a second within the SLO"
    if c.at_least is not None:
        return f"{names[c.target]} sustains at least {significant(c.at_least)} requests a second"
    return f"{names[c.target]}: {c.per_s.reason}"


def rule(findings: Findings) -> str:
    """How a search decides, in words."""
    return next((c.rule for c in findings.capacities if c.rule), "")
