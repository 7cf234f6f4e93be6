"""The columns that tables are made of: what a head says, how a value reads, and its name and unit in a frame.

A value that is not there is None, or an Unknown with its own reason; the frame then has NA, and the reason beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.domain.columns import Column, Kind, absent_of, part
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reason import Reason
from harness.report import words
from harness.report.blocks import LEVEL, Cell, Shown, Tone, absent, number
from harness.words import said
from harness.words.numbers import count, duration_text, money, percent

Write = Callable[[Any], str]
NOT_KNOWN = "not known"


def text(head: str, name: str = "", *, lack: str = "", write: Write = str, tone: Tone = Tone.PLAIN) -> Shown:
    """Words; of a sequence all, with semicolons."""
    return _words(Kind.TEXT, head, name, lack, write, tone)


def word(head: str, name: str = "", *, lack: str = "", write: Write = str, tone: Tone = Tone.PLAIN) -> Shown:
    """One of few words; the frame has the value, the page what ``write`` makes of it."""
    return _words(Kind.WORD, head, name, lack, write, tone)


def target(names: Mapping[str, str], head: str = "target", name: str = "") -> Shown:
    """The folder of a target, read as its title."""
    return word(head, name, write=lambda folder: names.get(folder, folder))


def profile() -> Shown:
    """The load profile."""
    return word("profile")


def toned(head: str, name: str, paint: Callable[[Any], Cell]) -> Shown:
    """A word whose tone depends on it."""
    return Shown(head, (_column(Kind.WORD, name, head),), paint, lambda value: (value,))


def flag(head: str, name: str, yes: str, no: str) -> Shown:
    """True or false, in words."""
    return Shown(head, (_column(Kind.BOOL, name, head),), lambda v: Cell(yes if v else no), lambda v: (v,))


def judged(head: str, name: str) -> Shown:
    """PASS, FAIL or INCONCLUSIVE."""
    return toned(head, name, words.judgement)


def figure(head: str, name: str, write: Write, *, lack: str | None = None, kind: Kind = Kind.FLOAT) -> Shown:
    """A number, or an estimate's value; ``lack`` is why there may be none."""
    parts = (_column(kind, name, head),)
    if lack is None:
        return Shown(head, parts, lambda v: _cell(v, write, NOT_KNOWN), lambda v: (_value(v),))
    why = _column(Kind.TEXT, absent_of(name), f"why there is no value: {head}")
    return Shown(head, (*parts, why), lambda v: _cell(v, write, lack), lambda v: (_value(v), _reason(v, lack)))


def counted(head: str, name: str, *, lack: str | None = None) -> Shown:
    """A whole number, with separators."""
    return figure(head, name, count, lack=lack, kind=Kind.INT)


def plain(head: str, name: str, *, lack: str | None = None) -> Shown:
    """A whole number that is a name: a block, an exit code."""
    return figure(head, name, str, lack=lack, kind=Kind.INT)


def seconds(head: str, name: str, *, lack: str | None = None) -> Shown:
    """A duration."""
    return figure(head, name, duration_text, lack=lack)


def milliseconds(head: str, name: str, *, lack: str | None = None, digits: int = 1) -> Shown:
    """A duration in seconds that reads as milliseconds, the unit standing in the head."""
    return figure(head, name, lambda v: f"{v * 1e3:.{digits}f}", lack=lack)


def usd(head: str, name: str, *, lack: str | None = None) -> Shown:
    """An amount of money."""
    return figure(head, name, lambda v: money(float(v)), lack=lack)


def share(head: str, name: str, *, lack: str | None = None) -> Shown:
    """Of one, read in percent."""
    return figure(head, name, percent, lack=lack)


def interval(name: str, write: Write, head: str = f"{LEVEL} interval", *, lack: str | None = "none") -> Shown:
    """Both ends: of an estimate, or of a pair; an open end is NA in the frame. Without ``lack`` an Unknown says its reason.

    ``LEVEL`` in the head reads as the confidence of the estimates below it.
    """
    means = head.replace(f"{LEVEL} ", "")
    parts = tuple(_column(Kind.FLOAT, part(name, end), f"{end} end: {means}") for end in ("low", "high"))

    def cell(value: Any) -> Cell:  # noqa: ANN401
        low, high = _ends(value)
        if value is None or isinstance(value, Unknown):
            return absent(lack or _reason(value, NOT_KNOWN) or NOT_KNOWN)
        return number(words.ends_text(low, high, write, getattr(value, "why_open", None)))

    return Shown(head, parts, cell, _ends, _confidence)


def estimate(head: str, name: str, write: Write, level: str = "interval") -> Shown:
    """Value and interval in one cell; ``LEVEL`` in the head as in ``interval``."""
    means = head.replace(f" ({LEVEL} interval)", "")
    value = _column(Kind.FLOAT, name, means)
    why = _column(Kind.TEXT, absent_of(name), f"why there is no value: {means}")
    ends = interval(name, write, level)

    def cell(known: Any) -> Cell:  # noqa: ANN401
        if isinstance(known, Estimate):
            return number(words.estimate_text(known, write))
        return _cell(known, write, NOT_KNOWN)

    def split(known: Any) -> tuple[Any, ...]:  # noqa: ANN401
        return _value(known), *ends.split(known), _reason(known, NOT_KNOWN)

    return Shown(head, (value, *ends.parts, why), cell, split, _confidence)


def blocks_behind(head: str = "blocks") -> Shown:
    """Of an estimate, or looked at in vain."""
    return Shown(head, (_column(Kind.INT, "blocks", head),), words.blocks, lambda known: (known.blocks,))


def n_behind() -> Shown:
    """Requests of an estimate, or looked at in vain."""
    return Shown("n", (_column(Kind.INT, "n", "requests"),), words.sample_size, lambda known: (known.n,))


def several(
    head: str,
    parts: Sequence[str],
    write: Callable[..., str],
    *,
    lack: str | None = None,
    tone: Tone = Tone.NUMBER,
    kind: Kind = Kind.INT,
) -> Shown:
    """Values that read as one, as ``4 of 6``; None or an Unknown where ``lack`` or its own reason says why there are none."""
    columns = [_column(kind, name, head) for name in parts]
    if lack is not None:
        columns.append(_column(Kind.TEXT, absent_of(parts[0]), f"why there is no value: {head}"))

    def cell(value: Any) -> Cell:  # noqa: ANN401
        if value is None or isinstance(value, Unknown):
            return absent(_reason(value, lack or NOT_KNOWN) or NOT_KNOWN)
        return Cell(write(*value), tone)

    def split(value: Any) -> tuple[Any, ...]:  # noqa: ANN401
        none = value is None or isinstance(value, Unknown)
        values = (None,) * len(parts) if none else tuple(value)
        return values if lack is None else (*values, _reason(value, lack))

    return Shown(
        head,
        tuple(columns),
        cell,
        split,
    )


def moment(head: str, name: str, *, lack: str = "", digits: int = 19) -> Shown:
    """A moment of wall time, UTC, to so many characters."""
    return Shown(
        head,
        (Column(name, Kind.INSTANT, head),),
        lambda at: absent(lack) if at is None else Cell(str(at)[:digits].replace("T", " ")),
        lambda at: (at,),
    )


def _words(kind: Kind, head: str, name: str, lack: str, write: Write, tone: Tone) -> Shown:
    def cell(value: Any) -> Cell:  # noqa: ANN401
        if isinstance(value, Unknown):
            return absent(said(value.reason))
        value = _in_words(value)
        value = "; ".join(map(str, value)) if isinstance(value, tuple) else value
        if value is None or value == "":
            return absent(lack) if lack else Cell("")
        return Cell(write(value), tone)

    means = f"{head}; NA: {lack}" if lack else head
    columns = (_column(kind, name or slug(head), means),)
    return Shown(head, columns, cell, lambda value: (_in_words(_value(value)) or None,))


def _in_words(value: Any) -> Any:  # noqa: ANN401
    """Reasons as their sentences, alone or several."""
    if isinstance(value, Reason):
        return said(value)
    return tuple(map(_in_words, value)) if isinstance(value, tuple | list) else value


def _cell(value: Any, write: Write, lack: str) -> Cell:  # noqa: ANN401
    found = _value(value)
    return absent(_reason(value, lack) or lack) if found is None else number(write(found))


def _value(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Unknown):
        return None
    return value.value if isinstance(value, Estimate) else value


def _reason(value: Any, lack: str) -> str | None:  # noqa: ANN401
    if isinstance(value, Unknown):
        return said(value.reason)
    return lack if value is None else None


def _confidence(value: Any) -> float | None:  # noqa: ANN401
    return value.confidence if isinstance(value, Estimate) else None


def _ends(value: Any) -> tuple[Any, Any]:  # noqa: ANN401
    if isinstance(value, Estimate):
        return value.low, value.high
    return (None, None) if value is None or isinstance(value, Unknown) else (value[0], value[1])


def _column(kind: Kind, name: str, head: str) -> Column:
    return Column(name, kind, head)


def slug(head: str) -> str:
    """A name from the words of a head."""
    return re.sub(r"[^a-z0-9]+", "_", head.lower()).strip("_")
