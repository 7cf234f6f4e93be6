"""Every figure of the report: data, the sentence that it supports, the chart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.analysis.dataset import RunData
from harness.analysis.quantiles import curve, inverted_cdf
from harness.decision.findings import Findings
from harness.decision.hybrid import BASELINE, CANDIDATE
from harness.domain.estimate import Estimate, Known
from harness.domain.reason import labelled
from harness.domain.verdict import Relation
from harness.report import charts
from harness.report.blocks import Figure, marked, table
from harness.report.columns import figure, interval, plain, seconds, target
from harness.report.svg import render
from harness.words import said
from harness.words.numbers import duration_text, level, money, significant

SHARES = (0.05, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99)
Names = Mapping[str, str]


def quantile_curve(findings: Findings, names: Names, profile: str, what: str, limit_s: float | None) -> Figure | None:
    """Response time or time to first token (``what``: ``response_s`` or ``ttft_s``)."""
    data = findings.data
    rows: list[dict[str, Any]] = []
    sure = ""
    for folder in data.targets:
        blocks = [r.measured_of(getattr(r, what)) for r in data.of(folder, profile)]
        for p, known in curve(blocks, SHARES) if blocks else ():
            if isinstance(known, Estimate) and known.high is not None:
                low, high, sure = known.low or known.value, known.high, level(known.confidence)
                rows.append(
                    {"of": folder, "target": names[folder], "p": p, "value": known.value, "low": low, "high": high}
                )
    if not rows:
        return None
    word = "response time" if what == "response_s" else "time to first token"
    pair = pair_of(findings, names)
    title = comparison_sentence(findings, names, profile, "p95_s" if what == "response_s" else "ttft_p95_s")
    subtitle = (
        f"Quantiles of {word} from the intended send, {profile} traffic, all valid blocks; bands are {sure} block intervals. "
        f"A curve ends where failures make it infinite or n cannot certify it."
    )
    shares = [(r.pop("of"), r["p"], r["value"], (r["low"], r["high"])) for r in rows]
    id_ = f"quantiles-{profile}-{'response' if what == 'response_s' else 'ttft'}"
    name = f"{what.removesuffix('_s')}_s"
    columns = (
        target(names),
        figure("quantile", "quantile_share", lambda p: f"p{p * 100:g}"),
        seconds(word, name),
        interval(name, duration_text, f"{sure} interval"),
    )
    shown = table(f"{id_}-table", title, columns, shares)
    titles = (f"{word}, {profile}", "share of requests at least this fast")
    spec = charts.quantile_curves(marked(rows, shown), pair, titles, limit_s)
    return Figure(id_, title, subtitle, render(spec, title), shown)


def blocks_pair(findings: Findings, names: Names, profile: str) -> Figure | None:
    """Whether the difference holds in every block."""
    data = findings.data
    rows: list[dict[str, Any]] = []
    values: list[tuple[int, str, float]] = []
    for folder in data.targets:
        for run in data.of(folder, profile):
            value = inverted_cdf(run.measured_of(run.response_s), 0.95)
            if math.isfinite(value):
                rows.append({"block": run.block, "target": names[folder], "value": value})
                values.append((run.block, folder, value))
    if not rows:
        return None
    faster = _blocks_where_candidate_is_faster(findings, profile)
    title = f"The p95 of {names[data.candidate]} was lower in {faster[0]} of {faster[1]} blocks"
    subtitle = f"p95 response time of each block, {profile} traffic; a block with more than 5 % failures has no finite p95 and no dot."
    columns = (plain("block", "block"), target(names), seconds("p95", "p95_s"))
    shown = table(f"blocks-{profile}-table", title, columns, values)
    spec = charts.paired_blocks(marked(rows, shown), pair_of(findings, names), f"p95 response time, {profile}")
    return Figure(f"blocks-{profile}", title, subtitle, render(spec, title), shown)


def p95(findings: Findings, target: str) -> Known | None:
    """Under the traffic that cost is scored at."""
    found = (
        v.estimate
        for v in findings.slos
        if v.target == target and v.profile == findings.scored_at and v.slo.metric == "p95_s"
    )
    return next(found, None)


def pareto(findings: Findings, names: Names, limit_s: float) -> Figure | None:
    """Cost per 1,000 good answers against p95."""
    rows: list[dict[str, Any]] = []
    values: list[tuple[str, float, float]] = []
    for cost in findings.costs:
        known = p95(findings, cost.target)
        if isinstance(cost.per_success_usd, Estimate) and isinstance(known, Estimate):
            c = cost.per_success_usd
            values.append((cost.target, c.value, known.value))
            rows.append(
                {
                    "target": names[cost.target],
                    "cost": c.value * 1000,
                    "cost_low": (c.low or c.value) * 1000,
                    "cost_high": (c.high or c.value) * 1000,
                    "p95": known.value,
                    "p95_low": known.low,
                    "p95_high": known.high,
                }
            )
    if len(rows) < 2:
        return None
    title = weighed(findings, names)
    subtitle = (
        f"Further left is cheaper, further down is faster. {findings.scored_at} traffic; bars are "
        f"{level(findings.look.confidence)} intervals; cost of the runtime layer at the expected traffic."
    )
    columns = (
        target(names),
        figure("per 1,000 successes", "per_success_usd", lambda v: money(v * 1000)),
        seconds("p95", "p95_s"),
    )
    shown = table("pareto-table", title, columns, values)
    spec = charts.cost_against_latency(marked(rows, shown), pair_of(findings, names), limit_s)
    return Figure("pareto", title, subtitle, render(spec, title), shown)


def weighed(findings: Findings, names: Names) -> str:
    """Who is cheaper and who is faster, where intervals that lie apart show it."""
    a, b = (findings.cost_of(name).per_success_usd for name in findings.data.targets)
    cheaper = next((n for n, x, y in zip(findings.data.targets, (a, b), (b, a), strict=True) if apart(x, y)), None)
    mine = (c for c in findings.comparisons if (c.profile, c.metric) == (findings.scored_at, "p95_s"))
    compared = next(mine, None)
    better = compared.relation if compared else Relation.UNRESOLVED
    faster = {Relation.BETTER: findings.data.candidate, Relation.WORSE: findings.data.baseline}.get(better)
    if cheaper is None and faster is None:
        return "Neither is shown to be cheaper, and neither to be faster"
    if cheaper is None or faster is None:
        one, is_, other = (cheaper, "cheaper", "faster") if faster is None else (faster, "faster", "cheaper")
        return f"{names[one or '']} is the {is_}; neither is shown to be {other}"
    if cheaper == faster:
        return f"{names[cheaper]} is the cheaper and the faster"
    return f"{names[cheaper]} is the cheaper, {names[faster]} the faster"


def apart(less: Known, more: Known) -> bool:
    """Whether all of an interval lies below all of the other."""
    if not isinstance(less, Estimate) or not isinstance(more, Estimate):
        return False
    return less.high is not None and more.low is not None and less.high < more.low


def pair_of(findings: Findings, names: Names) -> tuple[str, str]:
    """Labels of baseline and candidate."""
    return names[findings.data.baseline], names[findings.data.candidate]


def comparison_sentence(findings: Findings, names: Names, profile: str, metric: str) -> str:
    """The conclusion, as far as the numbers carry it."""
    base, cand = pair_of(findings, names)
    word = "p95" if metric == "p95_s" else "p95 to the first token"
    for c in findings.comparisons:
        if c.profile != profile or c.metric != metric:
            continue
        if not isinstance(c.ratio, Estimate):
            return f"Under {profile} traffic {said(labelled(c.reason, {BASELINE: base, CANDIDATE: cand}))}"
        if c.relation is Relation.EQUIVALENT:
            return f"Under {profile} traffic the {word} of both is the same within {(c.margin - 1) * 100:.0f} %"
        if c.relation is Relation.UNRESOLVED:
            return f"Under {profile} traffic neither a difference nor equivalence in {word} was shown"
        return f"Under {profile} traffic the {word} of {cand} is {significant(c.ratio.value)} times that of {base}"
    return f"{word.capitalize()} under {profile} traffic"


def _blocks_where_candidate_is_faster(findings: Findings, profile: str) -> tuple[int, int]:
    data = findings.data

    def p95(runs: Sequence[RunData]) -> dict[int, float]:
        return {r.block: inverted_cdf(r.measured_of(r.response_s), 0.95) for r in runs}

    base, cand = p95(data.of(data.baseline, profile)), p95(data.of(data.candidate, profile))
    both = base.keys() & cand.keys()
    return sum(cand[k] < base[k] for k in both), len(both)
