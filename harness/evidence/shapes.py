"""What a JSON value of the evidence must be: small checks that put together say what a file holds, field by field."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from harness.domain.bounds import LARGEST_INTEGER, MOST_NAME, USD
from harness.errors import Problem

Shape = Callable[[Any, str], Iterator[Problem]]  # a value and where it stands; what is wrong with it

_PART = re.compile(r"[A-Za-z0-9_][^/\\\x00-\x1f\x7f]*")
_KINDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
LARGEST = 1e18


def kind_of(value: object) -> str:
    """In words, as JSON calls it."""
    return _KINDS.get(type(value), "a number")


def _one(wanted: str, good: Callable[[Any], bool]) -> Shape:
    def check(value: Any, at: str) -> Iterator[Problem]:  # noqa: ANN401 - any JSON value
        if not good(value):
            yield Problem(at, f"is {kind_of(value)}: want {wanted}" if not _same(value, wanted) else f"want {wanted}")

    return check


def _same(value: object, wanted: str) -> bool:
    return wanted.startswith(kind_of(value))


def _finite(value: object) -> bool:
    """A number that arithmetic can take: integers of any length are compared before they become floats."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -LARGEST <= value <= LARGEST and math.isfinite(value)


def _moment(value: object) -> bool:
    try:
        said = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return said is not None and said.tzinfo is not None and 1970 < said.year < 2200


def _amount(value: object) -> bool:
    """As a text that keeps every digit, or as a number."""
    if not isinstance(value, str):
        return _finite(value)
    try:
        return len(value) <= MOST_NAME and Decimal(value).is_finite() and _finite(float(Decimal(value)))
    except (InvalidOperation, OverflowError):
        return False


anything: Shape = _one("any value", lambda _: True)
text = _one("text", lambda v: isinstance(v, str))
flag = _one("true or false", lambda v: isinstance(v, bool))
number = _one("a number, finite", _finite)
share = _one("a number from 0 to 1", lambda v: _finite(v) and 0 <= v <= 1)
duration = _one("a number from 0", lambda v: _finite(v) and v >= 0)
whole = _one("a whole number", lambda v: isinstance(v, int) and not isinstance(v, bool) and abs(v) <= LARGEST_INTEGER)
count = _one(
    "a number, whole, from 0", lambda v: isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= LARGEST_INTEGER
)
moment = _one("text with an instant and its time zone, as 2026-11-22T09:00:00+00:00", _moment)
amount = _one("an amount, finite", _amount)
money = _one("an amount in USD from 0", lambda v: _amount(v) and float(v) in USD)
part = _one(
    "text that can be a folder's name",
    lambda v: isinstance(v, str) and len(v) <= 2 * MOST_NAME and _PART.fullmatch(v) is not None,
)
table = _one("an object", lambda v: isinstance(v, dict))
listing = _one("a list", lambda v: isinstance(v, list))


def maybe(shape: Shape) -> Shape:
    """Or null."""

    def check(value: Any, at: str) -> Iterator[Problem]:  # noqa: ANN401
        if value is not None:
            yield from shape(value, at)

    return check


def one_of(*values: object) -> Shape:
    """One of these."""
    return _one(f"one of {', '.join(map(str, values))}", lambda v: isinstance(v, str) and v in values)


def each(shape: Shape, least: int = 0, most: int | None = None) -> Shape:
    """A list of such."""

    def check(value: Any, at: str) -> Iterator[Problem]:  # noqa: ANN401
        wrong = next(listing(value, at), None)
        if wrong:
            yield wrong
            return
        if len(value) < least or (most is not None and len(value) > most):
            yield Problem(at, f"holds {len(value)} entries: want {least} to {'any' if most is None else most}")
        for place, one in enumerate(value):
            yield from shape(one, f"{at}.{place}")

    return check


def named(shape: Shape) -> Shape:
    """An object of such by any names."""

    def check(value: Any, at: str) -> Iterator[Problem]:  # noqa: ANN401
        wrong = next(table(value, at), None)
        if wrong:
            yield wrong
            return
        for key, one in value.items():
            yield from shape(one, _below(at, key))

    return check


def fields(needed: Mapping[str, Shape], other: Mapping[str, Shape] | None = None) -> Shape:
    """An object that has all of ``needed``; of ``other`` what is there fits; what it holds beside them is not looked at."""

    def check(value: Any, at: str) -> Iterator[Problem]:  # noqa: ANN401
        wrong = next(table(value, at), None)
        if wrong:
            yield wrong
            return
        for key, shape in needed.items():
            if key not in value:
                yield Problem(_below(at, key), "is missing")
            else:
                yield from shape(value[key], _below(at, key))
        for key, shape in (other or {}).items():
            if key in value:
                yield from shape(value[key], _below(at, key))

    return check


def _below(at: str, key: str) -> str:
    shown = key if key.isprintable() else repr(key)
    return f"{at}.{shown}" if at else shown
