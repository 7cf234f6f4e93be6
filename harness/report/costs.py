"""The cost page: the month at the expected traffic, at every other volume, what the pilot used, and the bill."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from harness.analysis.break_even import break_even
from harness.analysis.projection import Crossing, Curve
from harness.analysis.reconciliation import PRICE_TOLERANCE, QUANTITY_TOLERANCE
from harness.decision.findings import Findings
from harness.domain.bill import CostLayer
from harness.domain.columns import Column, Kind
from harness.domain.estimate import Estimate
from harness.domain.verdict import SloVerdict
from harness.evidence.coverage import Cell as Covered
from harness.report import charts
from harness.report.blocks import Figure, Shown, Table, absent, listed, marked, number, table
from harness.report.columns import counted, estimate, figure, interval, judged, share, target, text, usd, word
from harness.report.figures import pair_of
from harness.report.svg import render
from harness.words.numbers import count, money, percent, significant

Names = Mapping[str, str]


def costs(findings: Findings, names: Names) -> Table:
    """Per success and per month."""
    note = "USD at the sealed expected traffic. The shared layer (tokens, transfer) is the same for both and would hide every difference."
    return listed(
        "costs",
        "Cost at the expected traffic",
        findings.costs,
        [
            (target(names), lambda c: c.target),
            (
                estimate("per 1,000 successes, runtime (95 % interval)", "per_success_usd", _thousand),
                lambda c: c.per_success_usd,
            ),
            (
                estimate("per 1,000 within SLO, runtime (95 % interval)", "per_good_usd", _thousand),
                lambda c: c.per_good_usd,
            ),
            (usd("runtime a month", "month_usd", lack="not known"), lambda c: c.per_month_usd),
            (interval("month_usd", money), lambda c: c.per_month_usd),
            (usd("the same with free tiers", "month_with_free_usd", lack="not known"), lambda c: c.with_free_usd),
            (
                usd("shared layer a month", "month_shared_usd", lack="not known"),
                lambda c: None if c.monthly is None else c.monthly.layer_usd(CostLayer.SHARED),
            ),
            (text("basis"), lambda c: c.coverage),
        ],
        note,
    )


def ceilings(findings: Findings, names: Names, start_requests: int | None) -> Table:
    """Each month's cost against its ceiling: at the expected traffic, and at that of the first months."""
    note = f"Expected: {count(findings.expected_requests)} requests a month."
    if start_requests is not None:
        note = f"{note[:-1]}; at the start: {count(start_requests)}."
    return listed(
        "ceilings",
        "Cost against its ceilings",
        findings.cost_verdicts,
        [
            (text("month"), lambda v: v.profile),
            (target(names), lambda v: v.target),
            (text("promise"), lambda v: v.slo.name),
            (estimate("cost a month (95 % interval)", "month_usd", money), lambda v: v.estimate),
            (usd("ceiling", "ceiling_usd"), lambda v: v.slo.limit),
            (share("of the ceiling", "ceiling_share", lack="not known"), _of_ceiling),
            (judged("verdict", "verdict"), lambda v: v.judgement),
        ],
        note,
    )


def _of_ceiling(verdict: SloVerdict) -> float | None:
    return (
        verdict.estimate.value / verdict.slo.limit
        if isinstance(verdict.estimate, Estimate) and verdict.slo.limit
        else None
    )


def _thousand(each_usd: float) -> str:
    return money(each_usd * 1000)


def _list_price(price: Decimal) -> str:
    return f"${price.normalize():f}"


def _quantity(head: str = "quantity") -> tuple[Shown, Shown]:
    return figure(head, "quantity", lambda v: significant(float(v), 4)), word("unit")


def bill_lines(findings: Findings, names: Names) -> Table:
    """Every line of both monthly bills."""
    rows = [
        (
            c.target,
            line.layer.value,
            line.label,
            line.quantity,
            line.unit,
            line.unit_price_usd,
            line.amount_usd,
            line.basis.value,
            f"{line.price_key} ({line.source})" if line.source else None,
        )
        for c in findings.costs
        if c.monthly
        for line in c.monthly.lines
    ]
    shown = (
        target(names),
        word("layer"),
        text("line"),
        *_quantity("quantity a month"),
        figure("unit price", "unit_price_usd", _list_price),
        usd("amount", "amount_usd"),
        word("basis"),
        text("price from", lack="not said"),
    )
    return table("bill", "The monthly bill, line by line", shown, rows)


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
    values = [
        (curve.target, round(p.requests), p.instances, p.usd, (p.low_usd, p.high_usd))
        for curve in found.curves
        for p in curve.points
    ]
    crossing = findings.crossing
    shown = table(
        "cost-curve-table",
        title,
        (
            target(names),
            counted("requests a month", "month_requests"),
            figure("instances", "instances", significant, lack="billed by use"),
            usd("runtime a month", "month_usd"),
            interval("month_usd", money),
        ),
        values,
    )
    spec = charts.cost_lines(
        marked(rows, shown),
        pair_of(findings, names),
        crossing.requests if crossing else None,
        findings.expected_requests,
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
    note = (
        "Searched on the staircase, a hundredth to a hundred times the expected volume, with the expected peak's ratio. "
        "Either may be cheaper: where the two costs' 95 % intervals overlap, of what was used and of what an instance sustains. "
        "Fleet used: the peak over what the fleet sustains at that volume."
    )
    return listed(
        "crossings",
        "Where the costs cross",
        found,
        [
            (counted("requests a month", "month_requests"), lambda c: round(c.requests)),
            (
                interval("month_requests", count, "either may be cheaper", lack="at every volume that was looked at"),
                _stretch,
            ),
            (figure("peak (requests/s)", "peak_per_s", significant), lambda c: c.peak_per_s),
            (target(names, "cheaper below", "cheaper_below"), lambda c: c.cheaper_below),
            (target(names, "cheaper above", "cheaper_above"), lambda c: c.cheaper_above),
            (share("fleet used", "fleet_used_share", lack="capacity not measured"), lambda c: c.utilisation or None),
        ],
        f"{note} {_busy(findings, names)}".strip(),
    )


def _busy(findings: Findings, names: Names) -> str:
    """The break-even nearest to the expected volume as a share of the capacity's time."""
    out = []
    for c in findings.capacities:
        share_ = break_even(findings.crossing, c)
        if isinstance(share_, Estimate):
            ends = [None if end is None else percent(end) for end in (share_.low, share_.high)]
            between = f" ({ends[0] or 'no end seen'} to {ends[1] or 'no end seen'})" if any(ends) else ""
            out.append(f"From {percent(share_.value)} busy on{between}, {names[c.target]} is the cheaper one.")
    return " ".join(out)


def _stretch(crossing: Crossing) -> tuple[int | None, int | None] | None:
    """Where either may be the cheaper one; an open end lies beyond the volumes that were looked at."""
    low, high = (None if end is None else round(end) for end in (crossing.low, crossing.high))
    return None if low is None and high is None else (low, high)


def sensitivity(findings: Findings, names: Names) -> Table:
    """Other traffic, and by how much prices would have to change."""
    found = findings.projection
    order = [curve.target for curve in found.curves] if found else list(dict.fromkeys(findings.data.targets))
    rows = [(s.what, *(s.usd[name] for name in order), s.cheaper) for s in (found.traffic if found else ())]
    flips = [
        f"{names[name]} would be the cheaper one if its prices fell by {-change * 100:.0f} %"
        if change < 0
        else f"{names[name]} stays the cheaper one until its prices rise by {change * 100:.0f} %"
        for name, change in (found.flips if found else ())
    ]
    shown = (
        text("assumption"),
        *(usd(f"{names[name]}, runtime a month", f"{name}_month_usd") for name in order),
        target(names, "cheaper", "cheaper"),
    )
    return table("sensitivity", "What other traffic would cost", shown, rows, "; ".join(flips) + "." if flips else "")


def pilot_bill(findings: Findings, names: Names) -> Table:
    """What the pilot's own runs used, by line, with where each quantity came from."""
    used = [
        *((u.target, line) for u in findings.used for line in u.bill.lines if line.quantity),
        *(("", line) for line in findings.asking.lines),
    ]
    rows = [
        (name, line.layer.value, line.label, line.quantity, line.unit, line.amount_usd, line.basis.value)
        for name, line in used
    ]
    shown = (
        word("target", write=lambda name: names[name], lack="the pilot itself"),
        word("layer"),
        text("line"),
        *_quantity(),
        usd("at list price", "amount_usd"),
        word("basis"),
    )
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
    return table("pilot-bill", "What the pilot itself used", shown, rows, note)


def reconciled(findings: Findings, names: Names) -> Table:
    """Modelled against billed, quantity first."""
    rows = [
        (
            r.target,
            line.price_key,
            line.modelled,
            line.unit,
            line.billed,
            line.quantity_error,
            line.price_error,
            "agrees" if line.agrees else "differs",
        )
        for r in findings.reconciliations
        for line in r.lines
    ]
    shown = (
        target(names),
        word("price"),
        figure("modelled", "modelled_quantity", _four),
        word("unit"),
        figure("billed", "billed_quantity", _four),
        _off("quantity error", "quantity_error_share", QUANTITY_TOLERANCE),
        _off("price error", "price_error_share", PRICE_TOLERANCE),
        word("verdict"),
    )
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
    return table("reconciled", "Modelled against billed", shown, rows, f"{'. '.join(parts)}. {causes}" if parts else "")


def _four(quantity: Decimal) -> str:
    return significant(float(quantity), 4)


def _off(head: str, name: str, tolerance: float) -> Shown:
    def write(error: float) -> str:
        return f"{error * 100:+.1f} %{'' if abs(error) <= tolerance else ' (!)'}"

    return figure(head, name, write, lack="nothing billed")


def coverage(findings: Findings, names: Names) -> Table:
    """Source by day: runs collected of runs that ended."""
    days = sorted({cell.day for cell in findings.coverage})
    said: dict[tuple[str, str], dict[str, Covered]] = {}
    verified: dict[tuple[str, str], str | None] = {}
    for cell in findings.coverage:
        key = cell.target, cell.source
        said.setdefault(key, {})[cell.day] = cell
        verified[key] = cell.verified or verified.get(key)
    rows = [(*key, verified[key], *(by_day.get(day) for day in days)) for key, by_day in said.items()]
    shown = (target(names), word("source"), text("verified", lack="not collected"), *map(_day, days))
    note = "Runs whose readings were collected, of the runs that ended that day (UTC)."
    return table("coverage", "What was collected", shown, rows, note)


def _day(day: str) -> Shown:
    parts = tuple(
        Column(f"{what}_{day}", Kind.INT, f"{what} on {day}") for what in ("runs_collected", "runs_ended", "runs_empty")
    )

    def split(cell: Covered | None) -> tuple[int | None, ...]:
        return (None, None, None) if cell is None else (cell.collected, cell.runs, cell.empty)

    return Shown(day, parts, lambda cell: number(cell.said) if cell else absent("no run"), split)


def agreements(findings: Findings, names: Names) -> Table:
    """What client and platform each counted."""
    lack = "not collected"
    return listed(
        "agreements",
        "Client against platform",
        findings.agreements,
        [
            (target(names), lambda a: a.target),
            (counted("accepted, by the client", "client_accepted"), lambda a: a.accepted),
            (counted("invocations, by the platform", "platform_invocations", lack=lack), lambda a: a.invocations),
            (
                share("joined by request id", "joined_share", lack="no ids to join"),
                lambda a: a.joined / a.with_id if a.joined is not None and a.with_id else None,
            ),
            (counted("refused, by the client", "client_refused"), lambda a: a.throttled),
            (counted("throttles, by the platform", "platform_throttles", lack=lack), lambda a: a.throttles),
            (text("disagreement", lack="none"), lambda a: tuple(a.disagreements)),
        ],
    )
