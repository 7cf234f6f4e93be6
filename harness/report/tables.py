"""Every table of the report, from findings to cells."""

from __future__ import annotations

from collections.abc import Mapping

from harness.decision.decide import Decision
from harness.decision.errors import aa_words, statement
from harness.decision.findings import Findings
from harness.decision.wording import count, percent
from harness.domain.estimate import Estimate
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
                words.beyond(v),
                Cell(v.reason + (f"; about {v.blocks_needed} blocks would settle it" if v.blocks_needed else "")),
            )
        )
    head = (
        "profile",
        "SLO",
        "target",
        "verdict",
        "value",
        f"{_confidence(findings)} interval",
        "limit",
        "blocks",
        "n",
        "beyond the limit",
        "why",
    )
    return table("slos", "SLOs", head, rows, statement(findings))


def comparisons(findings: Findings) -> Table:
    """Candidate over baseline."""
    rows = [
        (
            Cell(c.profile),
            Cell(METRIC_NAMES[c.metric]),
            words.relation(c.relation),
            number(words.ratio_text(c.ratio)) if isinstance(c.ratio, Estimate) else absent(c.ratio.reason),
            words.difference(c.beyond),
            words.blocks(c.ratio),
            Cell(c.reason + ("; different within the margin" if c.within_margin_but_different else "")),
        )
        for c in findings.comparisons
    ]
    said = _confidence(findings)
    head = (
        *("profile", "metric", "candidate is", f"ratio to baseline ({said} interval)"),
        *(f"points more beyond the limit ({said} interval)", "blocks", "why"),
    )
    note = "A ratio below 1 means that the candidate is faster."
    if findings.aa is not None and not findings.aa.biased and findings.aa.told:
        note += f" {aa_words(findings.aa)}"
    return table("comparisons", "Candidate against baseline", head, rows, note)


def _confidence(findings: Findings) -> str:
    """Of the look that the verdicts are made at."""
    return f"{findings.look.confidence * 100:g} %"


def modes(findings: Findings, names: Mapping[str, str]) -> Table:
    """Cold answers, warm ones and what their mixture makes of the p95, beside each other."""
    rows = [
        (
            Cell(m.profile),
            Cell(names[m.target]),
            words.both(m.cold_share, "share"),
            words.both(m.warm_p95_s, "s"),
            words.both(m.cold_p95_s, "s"),
            words.both(m.measured_p95_s, "s"),
            words.both(m.expected_share, "share"),
            words.both(m.expected_p95_s, "s"),
        )
        for m in findings.modes
    ]
    head = (
        *("profile", "target", "cold answers", "p95 of warm ones", "p95 of cold ones", "p95 of both as measured"),
        *("cold at expected traffic", "p95 of both at expected traffic"),
    )
    note = (
        "Each with its interval. The comparison is of the answers as measured; at the expected traffic the share of cold ones is "
        "another, and the last column says what the p95 would then be."
    )
    return table("modes", "Cold and warm answers apart", head, rows, note)


def gates(decision: Decision, names: Mapping[str, str]) -> Table:
    """Each target against all its SLOs."""
    rows = [
        (
            Cell(names.get(g.target, "both together")),
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
