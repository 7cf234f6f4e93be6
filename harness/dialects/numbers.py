"""Numbers that an answer says of itself: typed and bounded once, here; what is not told is None."""

from __future__ import annotations

import math
import re

from harness.dialects.shapes import Unexpected, said
from harness.domain.bounds import TIMING_MS, TOKENS, Range

_MOST_TOKENS, _MOST_MS = TOKENS.most, TIMING_MS.most  # both from 0: a range's own test costs more than all else here
NO = frozenset({"false", "no", "none", "null", "0", "miss", "off", "primary", "bypass", "disabled"})
MOST_SHOWN = 40  # characters of a value that is quoted
_NUMBER = re.compile(rb"[ \t]*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t]*")


def count(value: object, field: str) -> int | None:
    """Tokens of one request, ``12.0`` like ``12``; raises Unexpected for any other value that is not null."""
    if type(value) is int and 0 <= value <= _MOST_TOKENS:
        return value
    if value is None:
        return None
    if type(value) is float and value.is_integer() and value in TOKENS:
        return int(value)
    raise Unexpected(f"{field} is {_quoted(value)}, not a whole number {TOKENS}")


def flag(value: object) -> bool | None:
    """Yes or no as an API of a team's own writes it: a boolean, a count, ``"hit"``; None for what says neither.

    A text that names something, as the fallback that answered, is a yes; a list or an object where it holds anything.
    """
    if isinstance(value, str):
        word = value.strip().lower()
        return None if not word else word not in NO
    return bool(value) if isinstance(value, bool | int | float | list | dict) else None


def milliseconds(value: object, field: str) -> float | None:
    """A duration; raises Unexpected for any other value that is not null."""
    if (type(value) is float or type(value) is int) and 0 <= value <= _MOST_MS:
        return float(value)
    if value is None:
        return None
    raise Unexpected(f"{field} is {_quoted(value)}, not milliseconds {TIMING_MS}")


def in_header(text: bytes | None, name: bytes, within: Range) -> float | None:
    """A header's number; raises Unexpected for any other text."""
    if text is None:
        return None
    value = finite(text)
    if value is None or value not in within:
        shown = text[:MOST_SHOWN].decode("latin-1")
        raise Unexpected(f"{name.decode('latin-1')} is {shown!r}, not a number {within}")
    return value


def finite(text: bytes | None) -> float | None:
    """A header's number, of digits alone; None for anything else."""
    if text is None or not (text.isdigit() or _NUMBER.fullmatch(text)):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _quoted(value: object) -> str:
    return repr(value)[:MOST_SHOWN] if type(value) in (int, float) else said(value)
