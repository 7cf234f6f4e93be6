"""The cost page: the month at the expected traffic, at every other volume, what the pilot used, and the bill."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from harness.analysis.reconciliation import PRICE_TOLERANCE, QUANTITY_TOLERANCE
from harness.decision.findings import Findings
from harness.domain.bill import CostLayer
from harness.domain.columns import Column, Kind
from harness.domain.estimate import Estimate
from harness.domain.verdict import SloVerdict
from harness.evidence.coverage import Cell as Covered
from harness.report.blocks import LEVEL, Shown, Table, absent, listed, number, table
from harness.report.columns import counted, estimate, figure, interval, judged, share, target, text, usd, word
from harness.words.numbers import count, money, percent, significant

Names = Mapping[str, str]
ALIKE = 0.01  # of the shared layer: smaller differences are of drawn answers, not of the targets


def costs(findings: Findings, names: Names) -> Table:
    """Per success and per month."""
    note = (
        "USD at the sealed expected traffic: a simulated month, starts and idle time in it, by the platform's own bill. "
        f"{_shared(findings)} {flips(findings, names)}"
    ).strip()
    return listed(
        "costs",
        "Cost at the expected traffic",
        findings.costs,
        [
            (target(names), lambda c: c.target),
            (
                estimate(f"per 1,000 successes, runtime ({LEVEL} interval)", "per_success_usd", _thousand),
                lambda c: c.per_success_usd,
            ),
            (
                estimate(f"per 1,000 within SLO, runtime ({LEVEL} interval)", "per_good_usd", _thousand),
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


def _shared(findings: Findings) -> str:
    """Why tokens and transfer are apart; the same for both only where they are."""
    usd_each = [float(c.monthly.layer_usd(CostLayer.SHARED)) for c in findings.costs if c.monthly is not None]
    if len(usd_each) == len(findings.costs) and max(usd_each) - min(usd_each) < ALIKE * max(usd_each):
        return "The shared layer (tokens, transfer) is the same for both and would hide every difference."
    return "The shared layer (tokens, transfer) is apart: a difference of the runtimes would be lost in it."


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
            (estimate(f"cost a month ({LEVEL} interval)", "month_usd", money), lambda v: v.estimate),
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
    source = {
        f"{line.price_key} ({line.source})": line.source
        for c in findings.costs
        if c.monthly
        for line in c.monthly.lines
    }  # the line beside it says what of
    shown = (
        target(names),
        word("layer"),
        text("line"),
        *_quantity("quantity a month"),
        figure("unit price", "unit_price_usd", _list_price),
        usd("amount", "amount_usd"),
        word("basis"),
        text("price from", lack="not said", write=lambda said: source[said]),
    )
    return table("bill", "The monthly bill, line by line", shown, rows)


def crossings(findings: Findings, names: Names) -> Table:
    """Every volume at which the cheaper target changes."""
    found = findings.volumes.crossings if findings.volumes else ()
    note = (
        "Between the volumes that were simulated, straight on logarithmic axes; the interval holds the crossings of nine tenths "
        "of the worlds that the measurements allow. An open end lies beyond what was simulated. Fleet used: on average, of what "
        "it sustains at that volume."
    )
    return listed(
        "crossings",
        "Where the costs cross",
        found,
        [
            (figure("times your traffic", "factor", significant), lambda c: c.factor),
            (interval("factor", significant, "90 % interval", lack="at every volume simulated"), lambda c: c.factor),
            (counted("requests a month", "month_requests"), lambda c: round(c.requests)),
            (target(names, "cheaper below", "cheaper_below"), lambda c: c.below),
            (target(names, "cheaper above", "cheaper_above"), lambda c: c.above),
            (figure("fleet used", "fleet_used_share", percent, lack="no fleet, or not known"), lambda c: c.busy),
            (interval("fleet_used_share", percent, "its interval"), lambda c: c.busy),
        ],
        note,
    )


def flips(findings: Findings, names: Names) -> str:
    """By how much prices would have to change for the cheaper one to change."""
    usd = {c.target: c.per_month_usd.value for c in findings.costs if isinstance(c.per_month_usd, Estimate)}
    out = []
    for name, own in usd.items():
        others = [v for k, v in usd.items() if k != name]
        if not others or own <= 0:
            continue
        change = min(others) / own - 1
        out.append(
            f"{names[name]} would be the cheaper one if its prices fell by {-change * 100:.0f} %"
            if change < 0
            else f"{names[name]} stays the cheaper one until its prices rise by {change * 100:.0f} %"
        )
    return "; ".join(out) + "." if out else ""


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
    called = {line.price_key: line.name for r in findings.reconciliations for line in r.lines}
    shown = (
        target(names),
        word("price", write=lambda key: called[key]),
        figure("modelled", "modelled_quantity", _four),
        word("unit"),
        figure("billed", "billed_quantity", _four),
        _off("quantity error", "quantity_error_share", QUANTITY_TOLERANCE),
        _off("price error", "price_error_share", PRICE_TOLERANCE),
        word("verdict"),
    )
    parts = [
        f"{names[r.target]}: billed coverage {r.days_final} of {r.days} days (asking cost {money(float(r.asking_usd))})"
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
