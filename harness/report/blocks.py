"""What a page is made of: tables and figures. No markup."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from numbers import Real
from typing import Any, TypeVar

from harness.domain.columns import Column, Kind
from harness.report.svg import Drawn
from harness.words.numbers import level

R = TypeVar("R")
LEVEL = "{level}"  # in a head: the confidence of the intervals below it, a fact of the values and never of the words
FEW_COLUMNS, SENTENCE = (
    3,
    48,
)  # of a table that a phone shows as it is; letters of a cell that take a line for themselves
MOST_CARDS, FEW_LONG = 40, 0.25  # of more rows, or where fewer of them have a sentence, each takes one line on a phone
LEAST_ROWS, MOST_CHOICES = 3, 12  # of a table that a reader may filter, and of a column to choose from


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
class Shown:
    """A column of a table: ``cell`` is how a value reads, ``split`` what of it a frame holds under ``parts``."""

    head: str
    parts: tuple[Column, ...]
    cell: Callable[[Any], Cell]
    split: Callable[[Any], tuple[Any, ...]]
    confidence: Callable[[Any], float | None] = lambda _: None  # of a value's interval; ``LEVEL`` in the head names it


@dataclass(frozen=True)
class Table:
    """Typed columns over plain values, from which both the words and the frame are made; ``id`` names its CSV and its anchor."""

    id: str
    title: str
    shown: tuple[Shown, ...]
    values: tuple[tuple[Any, ...], ...]
    note: str = ""

    @cached_property
    def head(self) -> tuple[str, ...]:
        return tuple(_headed(c, [row[k] for row in self.values]) for k, c in enumerate(self.shown))

    @cached_property
    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """The values in words."""
        return tuple(tuple(c.cell(v) for c, v in zip(self.shown, row, strict=True)) for row in self.values)

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns are set to the right."""
        tones = [{row[k].tone for row in self.rows} for k in range(len(self.shown))]
        return tuple(Tone.NUMBER in told and told <= {Tone.NUMBER, Tone.ABSENT} for told in tones)

    @property
    def ranks(self) -> tuple[tuple[int | None, ...], ...]:
        """Of each column that is set to the right: the places of its values in order, None of what is not there; else empty."""
        found = zip(self.numeric, self.shown, zip(*self.values, strict=True), strict=True) if self.values else ()
        return tuple(_ranked(c, column) if right else () for right, c, column in found)

    @property
    def few(self) -> tuple[str, ...]:
        """Names of the columns of words that a reader may choose one value of; empty where there is nothing to choose."""
        found = zip(self.shown, zip(*self.rows, strict=True), strict=True) if len(self.rows) >= LEAST_ROWS else ()
        return tuple(_chosen(column, [cell.text for cell in cells]) for column, cells in found)

    @cached_property
    def cards(self) -> bool:
        """Whether a phone shows each row as a card: a sentence in a narrow column makes every other cell of its row blank."""
        if len(self.shown) <= FEW_COLUMNS or len(self.rows) > MOST_CARDS:
            return False
        return self._long > FEW_LONG * len(self.rows)

    @property
    def lines(self) -> bool:
        """Whether a phone gives each row one line, however wide: many rows, or few with a sentence among others without."""
        return not self.cards and (len(self.rows) > MOST_CARDS or (self._long > 0 and len(self.shown) > FEW_COLUMNS))

    @cached_property
    def _long(self) -> int:
        """Rows with a sentence."""
        return sum(any(len(c.text) > SENTENCE for c in row) for row in self.rows)

    @property
    def again(self) -> str:
        """The command that makes the table anew from the evidence."""
        return f"pilot report --table {self.id}"

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of the frame: names with their units."""
        return tuple(part for column in self.shown for part in column.parts)

    @property
    def data(self) -> tuple[tuple[Any, ...], ...]:
        """The values themselves, under ``columns``."""
        return tuple(tuple(v for c, x in zip(self.shown, row, strict=True) for v in c.split(x)) for row in self.values)


def _headed(column: Shown, values: Sequence[Any]) -> str:
    """Values at several levels name each of them; without a value there is no level to name."""
    found = sorted({sure for value in values if (sure := column.confidence(value)) is not None})
    return column.head.replace(f"{LEVEL} ", f"{' or '.join(map(level, found))} " if found else "")


@dataclass(frozen=True)
class Figure:
    """A chart whose title is its conclusion; ``table`` is the same data as rows."""

    id: str
    title: str
    subtitle: str
    svg: Drawn
    table: Table | None = None


@dataclass(frozen=True)
class PromiseRow:
    """A promise in one row: a verdict and a value of each target, beside each other."""

    promise: str
    limit: str
    sides: tuple[tuple[Cell, Cell], ...]  # of each target: verdict, value with its interval
    anchor: str = ""


@dataclass(frozen=True)
class PromiseTable:
    """Every promise once; ``table`` is the same data with n, blocks and shares, one row a promise and target."""

    targets: tuple[str, ...]
    rows: tuple[PromiseRow, ...]
    notes: tuple[str, ...]
    table: Table


@dataclass(frozen=True)
class Lacking:
    """What a report does not have; ``how`` would measure it, where a person can."""

    what: str
    how: str = ""


def number(text: str) -> Cell:
    """Set to the right, in tabular figures."""
    return Cell(text, Tone.NUMBER)


def absent(reason: str) -> Cell:
    """Never blank and never zero."""
    return Cell(reason, Tone.ABSENT)


def marked(rows: Sequence[Mapping[str, Any]], shown: Table) -> list[dict[str, Any]]:
    """A chart's rows, each with the words of its row in the chart's table: what its mark says when pointed at."""
    told = [
        ", ".join([first.text, *(f"{head} {cell.text}" for head, cell in zip(shown.head[1:], rest, strict=True))])
        for first, *rest in shown.rows
    ]
    return [{**row, "said": words} for row, words in zip(rows, told, strict=True)]


def table(id_: str, title: str, shown: Sequence[Shown], rows: Iterable[Sequence[Any]], note: str = "") -> Table:
    """Rows of values checked against the columns; raises ValueError where they differ in length or a name stands twice."""
    values = tuple(tuple(row) for row in rows)
    if any(len(row) != len(shown) for row in values):
        raise ValueError(f"table {id_}: a row does not fit its columns")
    made = Table(id_, title, tuple(shown), values, note)
    names = [column.name for column in made.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"table {id_}: two columns are called {', '.join(twice)}")
    return made


def listed(
    id_: str, title: str, rows: Iterable[R], columns: Sequence[tuple[Shown, Callable[[R], Any]]], note: str = ""
) -> Table:
    """A table as a list of columns: how each reads, and its value of a row."""
    return table(id_, title, [shown for shown, _ in columns], [[of(row) for _, of in columns] for row in rows], note)


def _ranked(column: Shown, values: Sequence[Any]) -> tuple[int | None, ...]:
    """What a cell reads as tells no order: 900 ms is less than 1.2 s."""
    found = [column.split(value)[0] for value in values]
    if not all(known is None or (isinstance(known, Real | Decimal) and math.isfinite(known)) for known in found):
        return ()
    place = {value: k for k, value in enumerate(sorted({known for known in found if known is not None}))}
    return tuple(None if known is None else place[known] for known in found)


def _chosen(column: Shown, cells: Sequence[str]) -> str:
    several = 2 <= len(set(cells)) <= MOST_CHOICES and len(set(cells)) < len(cells)
    return column.parts[0].name if column.parts[0].kind is Kind.WORD and several else ""
