"""What a page is made of: tables, figures, verdicts. Formatted values in, no markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Tone(StrEnum):
    """How a cell is set, apart from its words."""

    PLAIN = "plain"
    NUMBER = "number"
    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    OPEN = "open"
    ABSENT = "absent"


@dataclass(frozen=True)
class Cell:
    """One formatted value."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Table:
    """A table with its units in the head; ``id`` names its CSV and its anchor."""

    id: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A chart whose title is its conclusion; ``table`` is the same data as rows."""

    id: str
    title: str
    subtitle: str
    svg: str
    table: Table | None = None


@dataclass(frozen=True)
class KeyNumber:
    """One of the numbers of page one, for both targets."""

    label: str
    values: tuple[tuple[str, str, str], ...]  # (target label, value, interval with n)
    table: str


@dataclass(frozen=True)
class Verdict:
    """Page one's answer."""

    question: str
    answer: str
    because: str
    choice: str
    confidence: str
    date: str
    numbers: tuple[KeyNumber, ...] = field(default=())
    state: tuple[str, ...] = ()  # how far the pilot is, where it is not at its end


def number(text: str) -> Cell:
    """Set to the right, in tabular figures."""
    return Cell(text, Tone.NUMBER)


def absent(reason: str) -> Cell:
    """Never blank and never zero."""
    return Cell(reason, Tone.ABSENT)


def again(t: Table) -> str:
    """The command that makes the table anew from the evidence."""
    return f"pilot report --table {t.id}"


def marked(rows: Sequence[Mapping[str, Any]], shown: Table) -> list[dict[str, Any]]:
    """A chart's rows, each with the words of its row in the chart's table: what its mark says when pointed at."""
    told = [
        ", ".join([first.text, *(f"{head} {cell.text}" for head, cell in zip(shown.head[1:], rest, strict=True))])
        for first, *rest in shown.rows
    ]
    return [{**row, "said": words} for row, words in zip(rows, told, strict=True)]


def table(id_: str, title: str, head: Sequence[str], rows: Sequence[Sequence[Cell]], note: str = "") -> Table:
    """Rows checked against the head; raises ValueError when they differ in length."""
    if any(len(row) != len(head) for row in rows):
        raise ValueError(f"table {id_}: a row does not fit its head")
    return Table(id_, title, tuple(head), tuple(tuple(row) for row in rows), note)
