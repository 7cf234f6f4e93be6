"""Tables of verdicts, comparisons, parity and runs, from findings to values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.decision.decide import Decision
from harness.decision.doubts import aa_silent
from harness.decision.errors import statement
from harness.decision.findings import Findings
from harness.domain.columns import Column, Kind, floats, part, texts
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reason import labelled
from harness.domain.reasons.absence import JudgedByInterval, NoPairs
from harness.domain.verdict import MEASURED, Slo, SloVerdict
from harness.report import words
from harness.report.blocks import Cell, Shown, Table, listed, number, table
from harness.report.columns import (
    blocks_behind,
    counted,
    estimate,
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
from harness.words import all_said, said
from harness.words.numbers import FORMATS, duration_text, level, percent


def slos(findings: Findings, names: Mapping[str, str]) -> Table:
    """One row per SLO and target; value, interval and limit are in the row's own ``unit``."""
    return _promised("slos", "SLOs", findings.verdicts, findings, names)


def hybrid(findings: Findings, names: Mapping[str, str]) -> Table:
    """The same of the hybrid that was run."""
    mine = findings.hybrid_promises
    return _promised("hybrid", "The hybrid that was measured, held to the same promises", mine, findings, names)


def _promised(
    name: str, title: str, verdicts: Sequence[SloVerdict], findings: Findings, names: Mapping[str, str]
) -> Table:
    return listed(
        name,
        title,
        verdicts,
        [
            (profile(), lambda v: v.profile),
            (text("SLO", "promise"), lambda v: v.slo.name),
            (target(names), lambda v: v.target),
            (judged("verdict", "verdict"), lambda v: v.judgement),
            (_VALUE, lambda v: (v.estimate, v.slo)),
            (_interval(findings), lambda v: (v.estimate, v.slo)),
            (_LIMIT, lambda v: v.slo),
            (blocks_behind(), lambda v: v.estimate),
            (n_behind(), lambda v: v.estimate),
            (_BEYOND, lambda v: v),
            (text("why"), lambda v: said(v.reason) + (f"; {said(v.blocks_needed)}" if v.blocks_needed else "")),
        ],
        said(statement(findings)),
    )


def _in_unit(head: str, names: tuple[str, ...], cell: Any, split: Any, *texts: str) -> Shown:  # noqa: ANN401
    columns = (
        *(Column(n, Kind.FLOAT, head) for n in names),
        *(Column(n, Kind.WORD if n == "unit" else Kind.TEXT, head) for n in texts),
    )
    return Shown(head, columns, cell, split)


def _parts(known: Known) -> tuple[Any, ...]:
    if isinstance(known, Estimate):
        return known.value, known.low, known.high, None
    return None, None, None, said(known.reason)


def _value_of(value: tuple[Known, Slo]) -> tuple[Any, ...]:
    number, _, _, why = _parts(value[0])
    return number, why, value[1].unit


def _limit_cell(slo: Slo) -> Cell:
    return number(FORMATS[slo.unit](slo.limit))


_VALUE = _in_unit("value", ("value",), lambda v: words.value(v[0], v[1].unit), _value_of, "value_absent", "unit")


def _interval(findings: Findings) -> Shown:
    head = f"{_confidence(findings)} interval"
    return _in_unit(head, ("low", "high"), lambda v: words.interval(v[0], v[1].unit), lambda v: _parts(v[0])[1:3])


def _beyond_of(verdict: SloVerdict) -> tuple[Any, ...]:
    known = verdict.beyond or Unknown(JudgedByInterval())
    return (*_parts(known), verdict.allowed)


_BEYOND = Shown(
    "beyond the limit",
    (
        *floats(
            beyond_share="requests that broke the promise",
            beyond_low_share="lower end of the interval: requests that broke the promise",
            beyond_high_share="upper end of the interval: requests that broke the promise",
        ),
        *texts(beyond_share_absent="why there is no such share"),
        *floats(allowed_share="requests that may break the promise"),
    ),
    words.beyond,
    _beyond_of,
)
_LIMIT = _in_unit("limit", ("limit",), _limit_cell, lambda slo: (slo.limit,))


def comparisons(findings: Findings, names: Mapping[str, str]) -> Table:
    """Candidate over baseline."""
    sure = _confidence(findings)
    note = "A ratio below 1 means that the candidate is faster. Overhead: response time minus the model's own."
    if findings.aa is not None and not findings.aa.biased and findings.aa.told:
        note += f" {said(labelled(aa_silent(findings.aa), names))}"
    return listed(
        "comparisons",
        "Candidate against baseline",
        findings.comparisons,
        [
            (profile(), lambda c: c.profile),
            (word("metric", write=lambda metric: MEASURED[metric]), lambda c: c.metric),
            (toned("candidate is", "relation", words.relation), lambda c: c.relation),
            (
                _in_unit(f"ratio to baseline ({sure} interval)", _ends("ratio"), words.ratio, _parts, "ratio_absent"),
                lambda c: c.ratio,
            ),
            (
                _in_unit(
                    f"points more beyond the limit ({sure} interval)",
                    _ends("beyond_difference_share"),
                    words.difference,
                    lambda known: _parts(known or Unknown(NoPairs())),
                    "beyond_difference_share_absent",
                ),
                lambda c: c.beyond,
            ),
            (blocks_behind(), lambda c: c.ratio),
            (
                text("why"),
                lambda c: said(c.reason) + ("; different within the margin" if c.within_margin_but_different else ""),
            ),
        ],
        note,
    )


def _ends(name: str) -> tuple[str, str, str]:
    return name, part(name, "low"), part(name, "high")


def _confidence(findings: Findings) -> str:
    """Of the look that the verdicts are made at."""
    return level(findings.look.confidence)


def modes(findings: Findings, names: Mapping[str, str]) -> Table:
    """Cold answers, warm ones and what their mixture makes of the p95, beside each other."""
    rows = [
        (
            m.profile,
            m.target,
            m.cold_share,
            m.warm_p95_s,
            m.cold_p95_s,
            m.measured_p95_s,
            m.expected_share,
            m.expected_p95_s,
        )
        for m in findings.modes
    ]
    shown = (
        profile(),
        target(names),
        estimate("cold answers", "cold_share", percent),
        *(
            estimate(head, name, duration_text)
            for head, name in (
                ("p95 of warm ones", "warm_p95_s"),
                ("p95 of cold ones", "cold_p95_s"),
                ("p95 of both as measured", "measured_p95_s"),
            )
        ),
        estimate("cold at expected traffic", "expected_cold_share", percent),
        estimate("p95 of both at expected traffic", "expected_p95_s", duration_text),
    )
    note = (
        "Each with its interval. The comparison is of the answers as measured; at the expected traffic the share of cold ones is "
        "another, and the last column says what the p95 would then be."
    )
    return table("modes", "Cold and warm answers apart", shown, rows, note)


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
        target({**dict.fromkeys((g.target for g in decision.gates), "both together"), **names}),
        judged("gate", "gate"),
        text("failed", lack="none"),
        text("not decided", lack="none"),
    )
    return table("gates", "Gates", shown, rows)


def parity(findings: Findings) -> Table:
    """Same arrivals, same answers?"""
    rows = [
        (f"same {words.ALIKE[what]}", same, of, same / of if of else None)
        for what, same, of in findings.parity.compared
    ]
    shown = (
        word("what"),
        counted("pairs alike", "alike"),
        counted("pairs", "pairs"),
        share("share", "alike_share", lack="not reported by both"),
    )
    return table("parity", "The same work on both targets", shown, rows)


def runs(findings: Findings, names: Mapping[str, str]) -> Table:
    """Every run that was made, valid or not."""
    rows = []
    for record in (*(r.record for r in findings.data.runs), *findings.data.invalid):
        ledger, run = record.ledger or {}, record.run or {}
        rows.append(
            (
                record.block,
                record.attempt,
                record.profile,
                record.target,
                "VALID" if record.valid else "INVALID: " + "; ".join(all_said(record.reasons)),
                ledger.get("planned"),
                ", ".join(f"{k} {v}" for k, v in ledger.get("outcomes", {}).items()),
                ledger.get("lag_p99_s"),
                run.get("started_utc"),
                str(run.get("schedule_digest", ""))[7:19],
            )
        )
    shown = (
        plain("block", "block"),
        plain("attempt", "attempt"),
        profile(),
        target(names),
        text("run"),
        counted("planned", "planned_requests", lack="no ledger"),
        text("outcomes", lack="none", write=words.outcome),
        milliseconds("lag p99 (ms)", "lag_p99_s", lack="none sent"),
        moment("started (UTC)", "started_utc"),
        text("schedule", "schedule_digest_part"),
    )
    return table("runs", "Every run", shown, sorted(rows, key=lambda r: (r[0], str(r[8]))))
