"""Columns: what a file or a table holds, by name, type and meaning; a name ends in its unit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# the longest ending that fits counts; a name without any of them is a count, a word or a flag
UNITS = {
    "_per_s": "1/s",
    "_unix_s": "seconds since 1970, UTC",
    "_s": "s",
    "_ms": "ms",
    "_usd": "USD",
    "_pct": "%",
    "_mb": "MB",
    "_gb": "GB",
    "_share": "share, 0 to 1",
    "_ratio": "ratio",
    "_utc": "UTC",
}


class Kind(StrEnum):
    """How a value is kept."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    TEXT = "text"
    WORD = "word"  # text of few different values
    INSTANT = "instant"


@dataclass(frozen=True)
class Column:
    """One column or field; ``means`` is a sentence for a person who has never seen the code."""

    name: str
    kind: Kind
    means: str

    @property
    def unit(self) -> str | None:
        return unit_of(self.name)


def unit_of(name: str) -> str | None:
    """What the end of a name says; None for a count, a word or a flag."""
    found = _ending(name)
    return UNITS[found] if found else None


def part(name: str, word: str) -> str:
    """A name beside another: ``part("p95_s", "low")`` is ``p95_low_s``."""
    ending = _ending(name)
    return f"{f'_{name}'.removesuffix(ending)}_{word}{ending}".lstrip("_")


def absent_of(name: str) -> str:
    """The column that says why another has no value."""
    return f"{name}_absent"


def _ending(name: str) -> str:
    # a name may be nothing but its unit: "share" of what its row names
    return max((e for e in UNITS if f"_{name}".endswith(e)), key=len, default="")


def ints(**means: str) -> tuple[Column, ...]:
    """Whole numbers, each with its meaning."""
    return _all(Kind.INT, means)


def floats(**means: str) -> tuple[Column, ...]:
    """Numbers, each with its meaning."""
    return _all(Kind.FLOAT, means)


def flags(**means: str) -> tuple[Column, ...]:
    """True or false, each with its meaning."""
    return _all(Kind.BOOL, means)


def texts(**means: str) -> tuple[Column, ...]:
    """Texts, each with its meaning."""
    return _all(Kind.TEXT, means)


def words(**means: str) -> tuple[Column, ...]:
    """Texts of few different values, each with its meaning."""
    return _all(Kind.WORD, means)


def instants(**means: str) -> tuple[Column, ...]:
    """Moments of wall time, UTC, each with its meaning."""
    return _all(Kind.INSTANT, means)


def _all(kind: Kind, means: dict[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, kind, text) for name, text in means.items())
