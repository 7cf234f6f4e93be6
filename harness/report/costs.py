"""The cost page: the month at the expected traffic, at every other volume, what the pilot used, and the bill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.analysis.projection import Crossing, Curve
from harness.analysis.reconciliation import PRICE_TOLERANCE, QUANTITY_TOLERANCE, Line
from harness.decision.findings import Findings
from harness.decision.wording import count, money, percent, significant
from harness.domain.bill import CostLayer, LineItem
from harness.domain.estimate import Estimate, Unknown
from harness.report import charts, words
from harness.report.blocks import Cell, Figure, Table, absent, marked, number, table
from harness.report.figures import pair_of
from harness.report.svg import render

Names = Mapping[str, str]


def costs(findings: Findings, names: Names) -> Table:
    """Per success and per month."""
    rows = []
    for c in findings.costs:
        per_1000 = [_thousand(x) for x in (c.per_success_usd, c.per_good_usd)]
        shared = None if c.monthly is None else float(c.monthly.layer_usd(CostLayer.SHARED))
        rows.append(
            (
                Cell(names[c.target]),
                *per_1000,
                words.value(c.per_month_usd, "USD"),
                words.interval(c.per_month_usd, "USD"),
                number(money(c.with_free_usd)) if c.with_free_usd is not None else absent("not known"),
                number(money(shared)) if shared is not None else absent("not known"),
                Cell(c.coverage),
            )
        )
    head = (
        *("target", "per 1,000 successes, runtime (95 % interval)", "per 1,000 within SLO, runtime (95 % interval)"),
        *("runtime a month", "95 % interval", "the same with free tiers", "shared layer a month", "basis"),
    )
    note = "USD at the sealed expected traffic. The shared layer (tokens, transfer) is the same for both and would hide every difference."
    return table("costs", "Cost at the expected traffic", head, rows, note)


def _thousand(known: Estimate | Unknown) -> Cell:
    if isinstance(known, Unknown):
        return absent(known.reason)
    return number(f"{money(known.value * 1000)} ({words.interval_text(known, lambda v: money(v * 1000))})")


def _line(whose: str, line: LineItem, *price: Cell) -> tuple[Cell, ...]:
    quantity = number(significant(float(line.quantity), 4))
    head = (Cell(whose), Cell(line.layer.value), Cell(line.label), quantity, Cell(line.unit))
    return (*head, *price, number(money(float(line.amount_usd))), Cell(line.basis.value))


def bill_lines(findings: Findings, names: Names) -> Table:
    """Every line of both monthly bills."""
    rows = [
        _line(names[c.target], line, number(f"${line.unit_price_usd.normalize():f}"))
        for c in findings.costs
        if c.monthly
        for line in c.monthly.lines
    ]
    head = ("target", "layer", "line", "quantity a month", "unit", "unit price", "amount", "basis")
    return table("bill", "The monthly bill, line by line", head, rows)


def cost_curve(findings: Findings, names: Names) -> Figure | None:
    """Monthly runtime cost against volume, staircases where a fleet must grow."""
    found = findings.projection
    if found is None:
        return None
    rows: list[dict[str, Any]] = [
        {
            "target": names[curve.target],
            "requests": round(p.requests),
            "usd": p.usd,
            "low": p.low_usd,
            "high": p.high_usd,
            "instances": p.instances,
        }
        for curve in found.curves
        for p in curve.points
    ]
    title = _curve_title(findings, names)
    subtitle = (
        "Runtime layer, USD a month, list prices, MODELLED; bands are 95 % block intervals of the measured usage; both axes "
        f"logarithmic. {_fleet_words(found.curves, names)}"
    )
    cells = [
        (
            Cell(r["target"]),
            number(count(r["requests"])),
            number(significant(r["instances"])) if r["instances"] is not None else absent("billed by use"),
            number(money(r["usd"])),
            number(f"{money(r['low'])} to {money(r['high'])}"),
        )
        for r in rows
    ]
    head = ("target", "requests a month", "instances", "runtime a month", "95 % interval")
    crossing = findings.crossing
    shown = table("cost-curve-table", title, head, cells)
    spec = charts.cost_lines(
        *(marked(rows, shown), pair_of(findings, names)),
        *(crossing.requests if crossing else None, findings.expected_requests),
    )
    return Figure("cost-curve", title, subtitle, render(spec, title), shown)


def _curve_title(findings: Findings, names: Names) -> str:
    crossing = findings.crossing
    if crossing is None:
        cheaper = (
            {curve.target: curve.points[0].usd for curve in findings.projection.curves} if findings.projection else {}
        )
        least = min(cheaper, key=lambda name: cheaper[name]) if cheaper else ""
        return f"{names[least]} is cheaper at every volume shown" if least else "The runtime costs are not known"
    more = len(findings.projection.crossings) - 1 if findings.projection else 0
    others = f"; the lines cross {more} more time{'s' * (more > 1)}" if more else ""
    return (
        f"{names[crossing.cheaper_below]} is cheaper below {crossing.requests / 1e6:.2g} million requests a month, "
        f"{names[crossing.cheaper_above]} above{others}"
    )


def _fleet_words(curves: tuple[Curve, ...], names: Names) -> str:
    out = []
    for curve in curves:
        if curve.fleet and curve.per_instance_per_s:
            rate = significant(curve.per_instance_per_s)
            out.append(
                f"An instance of {names[curve.target]} sustains {rate} requests a second, and as many are kept as carry "
                "the peak at 70 % of that."
            )
        elif curve.fleet:
            out.append(f"{names[curve.target]}: {curve.hint}.")
    return " ".join(out)


def crossings(findings: Findings, names: Names) -> Table:
    """Every volume at which the cheaper target changes."""
    found = findings.projection.crossings if findings.projection else ()
    rows = [
        (
            number(count(round(c.requests))),
            _stretch(c),
            number(significant(c.peak_per_s)),
            Cell(names[c.cheaper_below]),
            Cell(names[c.cheaper_above]),
            _use(c),
        )
        for c in found
    ]
    head = (
        "requests a month",
        "either may be cheaper",
        "peak (requests/s)",
        "cheaper below",
        "cheaper above",
        "fleet used",
    )
    note = (
        "Searched on the staircase, a hundredth to a hundred times the expected volume, with the expected peak's ratio. "
        "Either may be cheaper: where the two costs' 95 % intervals overlap, of what was used and of what an instance sustains. "
        "Fleet used: the peak over what the fleet sustains at that volume."
    )
    return table("crossings", "Where the costs cross", head, rows, note)


def _stretch(crossing: Crossing) -> Cell:
    """Where either may be the cheaper one; an open end lies beyond the volumes that were looked at."""
    low, high = crossing.low, crossing.high
    if low is None and high is None:
        return absent("either may be cheaper at every volume that was looked at")
    if low is None or high is None:
        said = f"up to {count(round(high))}" if high is not None else f"from {count(round(low or 0))} on"
        return number(said)
    return number(f"{count(round(low))} to {count(round(high))}")


def _use(crossing: Crossing) -> Cell:
    return number(percent(crossing.utilisation)) if crossing.utilisation else absent("capacity not measured")


def sensitivity(findings: Findings, names: Names) -> Table:
    """Other traffic, and by how much prices would have to change."""
    found = findings.projection
    order = [curve.target for curve in found.curves] if found else list(dict.fromkeys(findings.data.targets))
    rows = [
        (Cell(s.what), *(number(money(s.usd[name])) for name in order), Cell(names[s.cheaper]))
        for s in (found.traffic if found else ())
    ]
    flips = [
        f"{names[name]} would be the cheaper one if its prices fell by {-change * 100:.0f} %"
        if change < 0
        else f"{names[name]} stays the cheaper one until its prices rise by {change * 100:.0f} %"
        for name, change in (found.flips if found else ())
    ]
    head = ("assumption", *(f"{names[name]}, runtime a month" for name in order), "cheaper")
    return table("sensitivity", "What other traffic would cost", head, rows, "; ".join(flips) + "." if flips else "")


def pilot_bill(findings: Findings, names: Names) -> Table:
    """What the pilot's own runs used, by line, with where each quantity came from."""
    rows = [
        *(_line(names[u.target], line) for u in findings.used for line in u.bill.lines if line.quantity),
        *(_line("the pilot itself", line) for line in findings.asking.lines),
    ]
    head = ("target", "layer", "line", "quantity", "unit", "at list price", "basis")
    note = (
        "Every attempt, valid or not, warm-up too. METERED quantities come from the platform's own records, MODELLED ones from "
        "the client's side or the declared size. "
    )
    note += " ".join(
        f"{names[u.target]}: {money(float(u.per_success_usd) * 1000)} per 1,000 successful answers at the test's own rate, "
        "which describes the test and not the expected traffic."
        for u in findings.used
        if u.per_success_usd is not None
    )
    return table("pilot-bill", "What the pilot itself used", head, rows, note)


def reconciled(findings: Findings, names: Names) -> Table:
    """Modelled against billed, quantity first."""
    rows = [
        (
            Cell(names[r.target]),
            Cell(line.price_key),
            number(f"{significant(float(line.modelled), 4)} {line.unit}"),
            number(significant(float(line.billed), 4)),
            _off(line.quantity_error, QUANTITY_TOLERANCE),
            _off(line.price_error, PRICE_TOLERANCE),
            Cell(_agrees(line)),
        )
        for r in findings.reconciliations
        for line in r.lines
    ]
    head = ("target", "price", "modelled", "billed", "quantity error", "price error", "verdict")
    parts = [
        f"{names[r.target]}: billed coverage {r.days_final} of {r.days} days (asking cost {r.asking_usd} USD)"
        + (
            f"; billed and not modelled: {', '.join(f'{k} {money(float(v))}' for k, v in r.only_billed)}"
            * bool(r.only_billed)
        )
        + (f"; modelled and not in this bill: {', '.join(r.only_modelled)}" * bool(r.only_modelled))
        for r in findings.reconciliations
    ]
    causes = (
        "Usual causes of a difference: free tiers, savings plans and discounts, untagged spend, other users of a shared "
        "balancer or cluster, traffic of health checks, days cut at UTC midnight."
    )
    return table("reconciled", "Modelled against billed", head, rows, f"{'. '.join(parts)}. {causes}" if parts else "")


def _off(error: float | None, tolerance: float) -> Cell:
    if error is None:
        return absent("nothing billed")
    return number(f"{error * 100:+.1f} %{'' if abs(error) <= tolerance else ' (!)'}")


def _agrees(line: Line) -> str:
    return "agrees" if line.agrees else "differs"


def coverage(findings: Findings, names: Names) -> Table:
    """Source by day: runs collected of runs that ended."""
    days = sorted({cell.day for cell in findings.coverage})
    said: dict[tuple[str, str], dict[str, str]] = {}
    verified: dict[tuple[str, str], str | None] = {}
    for cell in findings.coverage:
        key = cell.target, cell.source
        said.setdefault(key, {})[cell.day] = cell.said
        verified[key] = cell.verified or verified.get(key)
    rows = [
        (
            Cell(names[key[0]]),
            Cell(key[1]),
            Cell(verified[key] or "") if verified[key] else absent("not collected"),
            *(number(by_day[d]) if d in by_day else absent("no run") for d in days),
        )
        for key, by_day in said.items()
    ]
    note = "Runs whose readings were collected, of the runs that ended that day (UTC)."
    return table("coverage", "What was collected", ("target", "source", "verified", *days), rows, note)


def agreements(findings: Findings, names: Names) -> Table:
    """What client and platform each counted."""

    def said(value: int | None) -> Cell:
        return number(count(value)) if value is not None else absent("not collected")

    rows = [
        (
            Cell(names[a.target]),
            number(count(a.accepted)),
            said(a.invocations),
            number(percent(a.joined / a.with_id)) if a.joined is not None and a.with_id else absent("no ids to join"),
            number(count(a.throttled)),
            said(a.throttles),
            Cell("; ".join(a.disagreements) or "none"),
        )
        for a in findings.agreements
    ]
    head = (
        *("target", "accepted, by the client", "invocations, by the platform", "joined by request id"),
        *("refused, by the client", "throttles, by the platform", "disagreement"),
    )
    return table("agreements", "Client against platform", head, rows)
