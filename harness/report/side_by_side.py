"""Every promise once, with what each target makes of it beside the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.decision.findings import Findings
from harness.domain.estimate import Estimate, Known
from harness.domain.reasons.verdict import NotShown
from harness.domain.verdict import Judgement, Slo, SloVerdict
from harness.report import anchors, words
from harness.report.blocks import Cell, PromiseRow, PromiseTable, Table, absent, number
from harness.words import said
from harness.words.numbers import FORMATS, bracket

Names = Mapping[str, str]


def promises(findings: Findings, names: Names, table: Table) -> PromiseTable:
    """Of both targets; ``table`` has one row a promise and target. What is not decided of jobs stands with the jobs."""
    targets = list(dict.fromkeys(findings.data.targets))
    elsewhere = _open((*findings.slos, *findings.cost_verdicts), targets, names)
    return replace(_beside(findings.verdicts, targets, names, table, ""), notes=tuple(elsewhere))


def hybrid(findings: Findings, names: Names, table: Table) -> PromiseTable:
    """Of the router before both."""
    mine = findings.hybrid_promises
    return _beside(mine, list(dict.fromkeys(v.target for v in mine)), names, table, "hybrid")


def _beside(
    verdicts: Sequence[SloVerdict], targets: Sequence[str], names: Names, table: Table, whose: str
) -> PromiseTable:
    found = {(v.profile, v.slo.metric, v.slo.limit, v.target): v for v in verdicts}
    rows = {(v.profile, v.slo.metric, v.slo.limit): v for v in verdicts}
    marks = anchors.apart(anchors.promise(profile, metric, whose) for profile, metric, _ in rows)
    made = tuple(
        PromiseRow(of(v), limit(v.slo), tuple(_side(found.get((*key, t))) for t in targets), mark)
        for (key, v), mark in zip(rows.items(), marks, strict=True)
    )
    return PromiseTable(tuple(names[t] for t in targets), made, tuple(_open(verdicts, targets, names)), table)


def of(verdict: SloVerdict) -> str:
    """A promise and where it was held."""
    return f"{verdict.slo.name}, {verdict.profile}"


def limit(slo: Slo) -> str:
    """What it may be."""
    return f"{'≥' if slo.at_least else '≤'} {FORMATS[slo.unit](slo.limit)}"


def _side(verdict: SloVerdict | None) -> tuple[Cell, Cell]:
    if verdict is None:
        return absent("not judged"), absent("not measured")
    return words.judgement(verdict.judgement), value(verdict.estimate, verdict.slo.unit)


def value(known: Known, unit: str) -> Cell:
    """With its interval, once: an interval that reads as the value does is not repeated."""
    if not isinstance(known, Estimate):
        return absent(said(known.reason))
    write = FORMATS[unit]
    one, ends = write(known.value), words.ends_text(known.low, known.high, write)  # why an end is open, the table says
    return number(f"{one}{bracket(one, ends)}")


def _open(verdicts: Sequence[SloVerdict], targets: Sequence[str], names: Names) -> list[str]:
    """What would settle those that are not decided, each reason once with all that it holds for."""
    whose: dict[str, dict[str, list[str]]] = {}
    for v in verdicts:
        if v.judgement is Judgement.INCONCLUSIVE:
            why = said(v.blocks_needed) if v.blocks_needed else said(v.reason)
            if isinstance(v.reason, NotShown) and not v.blocks_needed:
                why = "no number of blocks that would settle it is known yet"
            whose.setdefault(why, {}).setdefault(of(v), []).append(v.target)
    if len(whose) == 1 and all(v.judgement is Judgement.INCONCLUSIVE for v in verdicts):
        return [f"No promise is decided: {why}." for why in whose]
    return [f"Not decided: {_all(held, targets, names)}: {why}." for why, held in whose.items()]


def _all(held: Mapping[str, Sequence[str]], targets: Sequence[str], names: Names) -> str:
    told: dict[str, list[str]] = {}
    for promise, who in held.items():
        every = len(targets) > 1 and set(who) == set(targets)
        told.setdefault("" if every else " and ".join(names[t] for t in who), []).append(promise)
    return "; ".join(f"{who} on {'; '.join(each)}" if who else "; ".join(each) for who, each in told.items())
