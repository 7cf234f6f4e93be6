"""Every table of the report, from findings to cells."""

from __future__ import annotations

from collections.abc import Mapping

from harness.decision.decide import Decision
from harness.decision.findings import Findings
from harness.decision.wording import count, money, percent, significant
from harness.domain.bill import CostLayer
from harness.domain.estimate import Estimate, Unknown
from harness.report import words
from harness.report.blocks import Cell, Table, absent, number, table

METRIC_NAMES = {
    "p95_s": "p95 response time",
    "ttft_p95_s": "p95 time to first token",
    "overhead_p95_s": "p95 overhead (response minus model time)",
}


def slos(findings: Findings, names: Mapping[str, str]) -> Table:
    """One row per SLO and target."""
    rows = []
    for v in (*findings.slos, *findings.cost_verdicts):
        rows.append(
            (
                Cell(v.profile),
                Cell(v.slo.name),
                Cell(names[v.target]),
                words.judgement(v.judgement),
                words.value(v.estimate, v.slo.unit),
                words.interval(v.estimate, v.slo.unit),
                number(words.FORMATS[v.slo.unit](v.slo.limit)),
                words.blocks(v.estimate),
                words.sample_size(v.estimate),
                Cell(v.reason + (f"; about {v.blocks_needed} blocks would settle it" if v.blocks_needed else "")),
            )
        )
    head = ("profile", "SLO", "target", "verdict", "value", "95 % interval", "limit", "blocks", "n", "why")
    return table("slos", "SLOs", head, rows)


def comparisons(findings: Findings) -> Table:
    """Candidate over baseline."""
    rows = [
        (
            Cell(c.profile),
            Cell(METRIC_NAMES[c.metric]),
            words.relation(c.relation),
            number(words.ratio_text(c.ratio)) if isinstance(c.ratio, Estimate) else absent(c.ratio.reason),
            words.blocks(c.ratio),
            Cell(c.reason + ("; different within the margin" if c.within_margin_but_different else "")),
        )
        for c in findings.comparisons
    ]
    head = ("profile", "metric", "candidate is", "ratio to baseline (95 % interval)", "blocks", "why")
    return table(
        "comparisons", "Candidate against baseline", head, rows, "A ratio below 1 means that the candidate is faster."
    )


def costs(findings: Findings, names: Mapping[str, str]) -> Table:
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


def bill_lines(findings: Findings, names: Mapping[str, str]) -> Table:
    """Every line of both monthly bills."""
    rows = [
        (
            Cell(names[c.target]),
            Cell(line.layer.value),
            Cell(line.label),
            number(significant(float(line.quantity), 4)),
            Cell(line.unit),
            number(f"${line.unit_price_usd.normalize():f}"),
            number(money(float(line.amount_usd))),
            Cell(line.basis.value),
        )
        for c in findings.costs
        if c.monthly
        for line in c.monthly.lines
    ]
    head = ("target", "layer", "line", "quantity a month", "unit", "unit price", "amount", "basis")
    return table("bill", "The monthly bill, line by line", head, rows)


def gates(decision: Decision, names: Mapping[str, str]) -> Table:
    """Each target against all its SLOs."""
    rows = [
        (
            Cell(names[g.target]),
            words.judgement(g.judgement),
            Cell("; ".join(f"{v.slo.name} under {v.profile}" for v in g.failed) or "none"),
            Cell("; ".join(f"{v.slo.name} under {v.profile}" for v in g.open) or "none"),
        )
        for g in decision.gates
    ]
    return table("gates", "Gates", ("target", "gate", "failed", "not decided"), rows)


def parity(findings: Findings) -> Table:
    """Same arrivals, same answers?"""
    p = findings.parity

    def share(same: int) -> Cell:
        return number(percent(same / p.pairs)) if p.pairs else absent("no pair")

    rows = [
        (Cell("same answer text"), number(count(p.same_answer)), number(count(p.pairs)), share(p.same_answer)),
        (Cell("same citations"), number(count(p.same_citations)), number(count(p.pairs)), share(p.same_citations)),
        (
            Cell("same output tokens"),
            number(count(p.same_output_tokens)),
            number(count(p.pairs)),
            share(p.same_output_tokens),
        ),
    ]
    return table("parity", "The same work on both targets", ("what", "pairs alike", "pairs", "share"), rows)


def runs(findings: Findings, names: Mapping[str, str]) -> Table:
    """Every run that was made, valid or not."""
    rows = []
    for record in (*(r.record for r in findings.data.runs), *findings.data.invalid):
        ledger, run = record.ledger or {}, record.run or {}
        lag = ledger.get("lag_p99_s")
        outcomes = ledger.get("outcomes", {})
        rows.append(
            (
                number(str(record.block)),
                number(str(record.attempt)),
                Cell(record.profile),
                Cell(names[record.target]),
                Cell("VALID" if record.valid else "INVALID: " + "; ".join(record.reasons)),
                number(count(ledger["planned"])) if "planned" in ledger else absent("no ledger"),
                Cell(", ".join(f"{k} {v}" for k, v in outcomes.items())) if outcomes else absent("none"),
                number(f"{lag * 1e3:.1f}") if lag is not None else absent("none sent"),
                Cell(str(run.get("started_utc", ""))[:19].replace("T", " ")),
                Cell(str(run.get("schedule_digest", ""))[7:19]),
            )
        )
    head = (
        "block",
        "attempt",
        "profile",
        "target",
        "run",
        "planned",
        "outcomes",
        "lag p99 (ms)",
        "started (UTC)",
        "schedule",
    )
    return table("runs", "Every run", head, sorted(rows, key=lambda r: (int(r[0].text), r[8].text)))
