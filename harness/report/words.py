"""Estimates and verdicts as cells."""

from __future__ import annotations

from harness.decision.findings import Findings
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons.absence import JudgedByInterval, NoPairs
from harness.domain.reasons.doubt import What
from harness.domain.verdict import Judgement, Relation, SloVerdict
from harness.report.blocks import Cell, Tone, absent, number
from harness.words import said
from harness.words.numbers import FORMATS, Write, bracket, count, percent, span

_TONES = {Judgement.PASS: Tone.PASS, Judgement.FAIL: Tone.FAIL, Judgement.INCONCLUSIVE: Tone.OPEN}
_MARKS = {Judgement.PASS: "● ", Judgement.FAIL: "▲ ", Judgement.INCONCLUSIVE: "◇ "}
_RELATION_TONES = {
    Relation.BETTER: Tone.PASS,
    Relation.WORSE: Tone.FAIL,
    Relation.EQUIVALENT: Tone.PASS,
    Relation.UNRESOLVED: Tone.OPEN,
}
ALIKE = {What.ANSWERS: "answer text", What.CITATIONS: "citations", What.TOKENS: "output tokens"}  # of a pair


def judgement(value: Judgement) -> Cell:
    """Word and shape, so that colour carries nothing alone."""
    return Cell(_MARKS[value] + value.value, _TONES[value])


def relation(value: Relation) -> Cell:
    """The word of a comparison."""
    return Cell(value.value, _RELATION_TONES[value])


def value(known: Known, unit: str) -> Cell:
    """The value alone, or why there is none."""
    if isinstance(known, Unknown):
        return absent(said(known.reason))
    return number(FORMATS[unit](known.value))


def interval(known: Known, unit: str) -> Cell:
    """``low to high``, or what stands in for it."""
    if isinstance(known, Unknown):
        return absent("none")
    return number(interval_text(known, FORMATS[unit]))


def interval_text(known: Estimate, write: Write) -> str:
    """``low to high``, or the one value that both ends read as."""
    return ends_text(known.low, known.high, write, known.why_open)


def ends_text(low: float | None, high: float | None, write: Write, why_open: Reason | None = None) -> str:
    """An open end is said, never drawn as a number."""
    why = f": {said(why_open)}" if why_open else ""
    if low is None and high is None:
        return f"not bounded by the data{why}"
    if low is None:
        return f"up to {write(high or 0.0)}"
    if high is None:
        return f"from {write(low)} on{why}"
    return span(low, high, write)


def estimate_text(known: Estimate, write: Write) -> str:
    """``602 ms (531 ms to 650 ms)``; the value alone where its interval reads as it does."""
    value = write(known.value)
    return f"{value}{bracket(value, interval_text(known, write))}"


def beyond(verdict: SloVerdict) -> Cell:
    """The share that broke the promise, against the share that may."""
    if verdict.beyond is None or verdict.allowed is None:
        return absent(said(JudgedByInterval()))
    if isinstance(verdict.beyond, Unknown):
        return absent(said(verdict.beyond.reason))
    found = verdict.beyond
    return number(f"{estimate_text(found, percent)} of {percent(verdict.allowed)}")


def difference(known: Known | None) -> Cell:
    """Of two shares, in percentage points."""
    if known is None or isinstance(known, Unknown):
        return absent(said(NoPairs() if known is None else known.reason))
    return number(estimate_text(known, lambda v: f"{v * 100:+.2f}"))


def ratio_text(known: Estimate) -> str:
    """``1.07 (0.98 to 1.17)``."""
    return estimate_text(known, lambda v: f"{v:.2f}")


def ratio(known: Known) -> Cell:
    """The ratio with its interval, or why there is none."""
    return number(ratio_text(known)) if isinstance(known, Estimate) else absent(said(known.reason))


def spared(findings: Findings) -> str:
    """After a count of blocks: how many of the plan were not needed, and at which look that was told."""
    ended = findings.ended
    return f", {len(ended.not_needed)} not needed: settled at look {ended.look} of {ended.of}" if ended else ""


def sample_size(known: Known) -> Cell:
    """Requests behind an estimate, or looked at in vain."""
    return absent("none") if known.n is None else number(count(known.n))


def blocks(known: Known) -> Cell:
    """Blocks behind an estimate, or looked at in vain."""
    return absent("none") if known.blocks is None else number(str(known.blocks))


def outcome(name: str) -> str:
    """``bad_contract`` of the evidence, as people read it."""
    return name.replace("_", " ")
