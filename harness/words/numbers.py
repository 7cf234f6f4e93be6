"""Numbers as people read them: two or three digits, units, 0 % and 100 % only when true."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Write = Callable[[float], str]


def span(low: float, high: float, write: Write) -> str:
    """``531 ms to 583 ms``; ends that read alike are one value: an interval without width is never written as a range."""
    first, last = write(low), write(high)
    return first if first == last else f"{first} to {last}"


def bracket(value: str, ends: str, more: str = "") -> str:
    """`` (531 ms to 583 ms)``, to follow the value; nothing where the interval reads as the value does. ``more`` stands beside it."""
    told = ", ".join(part for part in (ends if ends != value else "", more) if part)
    return f" ({told})" if told else ""


def level(confidence: float) -> str:
    """Of an interval: ``95 %``, ``98.5 %``."""
    return f"{confidence * 100:.3g} %"


def significant(value: float, digits: int = 3) -> str:
    """Plain decimal text with that many significant digits, no exponent."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "∞"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{rounded:,.{places}f}"


def duration_text(seconds: float) -> str:
    """Milliseconds below one second, else seconds."""
    if math.isinf(seconds):
        return "∞"
    return f"{significant(seconds * 1000)} ms" if seconds < 0.9995 else f"{significant(seconds)} s"


def lasting(seconds: float) -> str:
    """A duration that a person compares with a limit."""
    if seconds >= 120:
        hours = f"{seconds / 3600:.3g} h"
        return hours if seconds >= 7200 else f"{seconds / 60:.3g} min"
    return duration_text(seconds)


def percent(share: float) -> str:
    """One decimal below 10 % and within a point of 100 %; never 0 % or 100 % for something that is not."""
    if share in (0, 1):
        return f"{share * 100:.0f} %"
    value = share * 100
    text = f"{value:.1f}" if value < 10 or 99 < value < 101 else f"{value:,.0f}"
    if round(value, 1) == 0:
        return "< 0.1 %"
    if round(value, 1) == 100:
        return "> 99.9 %" if value < 100 else "> 100 %"
    return f"{text} %"


def money(usd: float) -> str:
    """US dollars: whole above 100, cents below, more digits for fractions of a cent."""
    if abs(usd) >= 100:
        return f"${usd:,.0f}"
    if abs(usd) >= 1 or usd == 0:
        return f"${usd:,.2f}"
    return f"${significant(usd)}"


def count(value: float) -> str:
    """Whole numbers with separators."""
    return f"{value:,.0f}"


def joined(words: Sequence[str]) -> str:
    """``A, B and C``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def counted(number: int, noun: str) -> str:
    """``1 block``, ``2 blocks``."""
    return f"{number} {noun}{'s' * (number != 1)}"


def verb(number: int, one: str = "is", several: str = "are") -> str:
    """As a count wants it: 1 run is, 2 runs are."""
    return one if number == 1 else several


FORMATS: dict[str, Write] = {"s": duration_text, "share": percent, "USD": money}
