"""Tables of verdicts, comparisons, parity and runs, from findings to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.decision.decide import Decision
from harness.decision.findings import Findings
from harness.domain.columns import Column, Kind
from harness.domain.estimate import Estimate, Known
from harness.domain.verdict import Slo
from harness.report import words
from harness.report.blocks import Cell, Shown, Table, number, table
from harness.report.columns import (
    blocks_behind,
    counted,
    judged,
    milliseconds,
    moment,
    n_behind,
    plain,
    profile,
    share,
    target,
    text,
    toned,
    word,
)

METRIC_NAMES = {
    "p95_s": "p95 response time",
    "ttft_p95_s": "p95 time to first token",
    "overhead_p95_s": "p95 overhead (response minus model time)",
}


def slos(findings: Findings, names: Mapping[str, str]) -> Table:
    """One row per SLO and target; value, interval and limit are in the row's own ``unit``."""
    rows = [
        (
            *(v.profile, v.slo.name, v.target, v.judgement),
            *((v.estimate, v.slo), (v.estimate, v.slo), v.slo, v.estimate, v.estimate),
            v.reason + (f"; about {v.blocks_needed} blocks would settle it" if v.blocks_needed else ""),
        )
        for v in (*findings.slos, *findings.cost_verdicts)
    ]
    shown = (
        *(profile(), text("SLO", "promise"), target(names), judged("verdict", "verdict")),
        *(_VALUE, _INTERVAL, _LIMIT, blocks_behind(), n_behind(), text("why")),
    )
    return table("slos", "SLOs", shown, rows)


def _in_unit(head: str, names: tuple[str, ...], cell: Any, split: Any, *texts: str) -> Shown:  # noqa: ANN401
    columns = (
        *(Column(n, Kind.FLOAT, head) for n in names),
        *(Column(n, Kind.WORD if n == "unit" else Kind.TEXT, head) for n in texts),
    )
    return Shown(head, columns, cell, split)


def _parts(known: Known) -> tuple[Any, ...]:
    if isinstance(known, Estimate):
        return known.value, known.low, known.high, None
    return None, None, None, known.reason


def _value_of(value: tuple[Known, Slo]) -> tuple[Any, ...]:
    number, _, _, why = _parts(value[0])
    return number, why, value[1].unit


def _limit_cell(slo: Slo) -> Cell:
    return number(words.FORMATS[slo.unit](slo.limit))


_VALUE = _in_unit("value", ("value",), lambda v: words.value(v[0], v[1].unit), _value_of, "value_absent", "unit")
_INTERVAL = _in_unit(
    "95 % interval", ("low", "high"), lambda v: words.interval(v[0], v[1].unit), lambda v: _parts(v[0])[1:3]
)
_LIMIT = _in_unit("limit", ("limit",), _limit_cell, lambda slo: (slo.limit,))


def comparisons(findings: Findings) -> Table:
    """Candidate over baseline."""
    rows = [
        (
            *(c.profile, c.metric, c.relation, c.ratio, c.ratio),
            c.reason + ("; different within the margin" if c.within_margin_but_different else ""),
        )
        for c in findings.comparisons
    ]
    shown = (
        *(profile(), word("metric", write=lambda metric: METRIC_NAMES[metric])),
        *(toned("candidate is", "relation", words.relation), _RATIO, blocks_behind(), text("why")),
    )
    return table(
        "comparisons", "Candidate against baseline", shown, rows, "A ratio below 1 means that the candidate is faster."
    )


_RATIO = _in_unit(
    "ratio to baseline (95 % interval)", ("ratio", "ratio_low", "ratio_high"), words.ratio, _parts, "ratio_absent"
)


def gates(decision: Decision, names: Mapping[str, str]) -> Table:
    """Each target against all its SLOs."""
    rows = [
        (
            g.target,
            g.judgement,
            *(tuple(f"{v.slo.name} under {v.profile}" for v in found) for found in (g.failed, g.open)),
        )
        for g in decision.gates
    ]
    shown = (
        *(
            target({**dict.fromkeys((g.target for g in decision.gates), "both together"), **names}),
            judged("gate", "gate"),
        ),
        *(text("failed", lack="none"), text("not decided", lack="none")),
    )
    return table("gates", "Gates", shown, rows)


def parity(findings: Findings) -> Table:
    """Same arrivals, same answers?"""
    p = findings.parity
    rows = [
        (what, same, p.pairs, same / p.pairs if p.pairs else None)
        for what, same in (
            ("same answer text", p.same_answer),
            ("same citations", p.same_citations),
            ("same output tokens", p.same_output_tokens),
        )
    ]
    shown = (
        word("what"),
        counted("pairs alike", "alike"),
        counted("pairs", "pairs"),
        share("share", "alike_share", lack="no pair"),
    )
    return table("parity", "The same work on both targets", shown, rows)


def runs(findings: Findings, names: Mapping[str, str]) -> Table:
    """Every run that was made, valid or not."""
    rows = []
    for record in (*(r.record for r in findings.data.runs), *findings.data.invalid):
        ledger, run = record.ledger or {}, record.run or {}
        rows.append(
            (
                *(record.block, record.attempt, record.profile, record.target),
                "VALID" if record.valid else "INVALID: " + "; ".join(record.reasons),
                ledger.get("planned"),
                ", ".join(f"{k} {v}" for k, v in ledger.get("outcomes", {}).items()),
                ledger.get("lag_p99_s"),
                run.get("started_utc"),
                str(run.get("schedule_digest", ""))[7:19],
            )
        )
    shown = (
        *(plain("block", "block"), plain("attempt", "attempt"), profile(), target(names), text("run")),
        *(counted("planned", "planned_requests", lack="no ledger"), text("outcomes", lack="none")),
        milliseconds("lag p99 (ms)", "lag_p99_s", lack="none sent"),
        *(moment("started (UTC)", "started_utc"), text("schedule", "schedule_digest_part")),
    )
    return table("runs", "Every run", shown, sorted(rows, key=lambda r: (r[0], str(r[8]))))
