"""What the values of a file may be before any table is asked: plain, finite, of a bounded depth and size, without control characters."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from harness.domain import bounds
from harness.domain.shown import visible
from harness.errors import Problem

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
MOST_PROBLEMS = 20


def impediments(data: Any) -> list[Problem]:  # noqa: ANN401 - whatever a parser made
    """Up to 20 values that no table takes; where there are none the data may be walked, printed and sent as JSON."""
    out: list[Problem] = []
    for problem in _walk(data):
        out.append(problem)
        if len(out) == MOST_PROBLEMS:
            break
    return out


def unimpeded(data: Any, depth: int = 0) -> Any:  # noqa: ANN401
    """The same with nothing in place of what no table takes, so that all else can be validated."""
    if isinstance(data, dict | list):
        if depth > bounds.MOST_DEPTH or len(data) > bounds.MOST_ITEMS:
            return None
        if isinstance(data, list):
            return [unimpeded(inner, depth + 1) for inner in data]
        return {key: unimpeded(inner, depth + 1) for key, inner in data.items() if str(key).isprintable()}
    return None if _problem(data) else data


def shown(name: str) -> str:
    """A name as it may be printed: on one line, of a bounded length."""
    text = visible(name)
    return text if len(text) <= bounds.MOST_NAME else f"{text[: bounds.MOST_NAME]}…"


def _walk(data: Any) -> Iterator[Problem]:  # noqa: ANN401
    """Without recursion: it is what bounds the depth."""
    left: list[tuple[str, Any, int]] = [("", data, 0)]
    while left:
        place, value, depth = left.pop()
        if isinstance(value, dict | list):
            if depth > bounds.MOST_DEPTH:
                yield Problem(place, f"lies more than {bounds.MOST_DEPTH} tables and lists deep")
                continue
            if len(value) > bounds.MOST_ITEMS:
                yield Problem(place, f"holds more than {bounds.MOST_ITEMS} values")
                continue
            named = isinstance(value, dict)
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                inside = (
                    f"{place}.{shown(str(key))}" if named and place else shown(str(key)) if named else f"{place}[{key}]"
                )
                if named and not str(key).isprintable():
                    yield Problem(inside, "has a name that cannot be printed")
                left.append((inside, inner, depth + 1))
        elif problem := _problem(value):
            yield Problem(place, problem)


def _problem(value: Any) -> str | None:  # noqa: ANN401
    if isinstance(value, str):
        found = CONTROL.search(value)
        too_long = f"is longer than {bounds.MOST_TEXT} characters" if len(value) > bounds.MOST_TEXT else None
        return f"holds the control character U+{ord(found.group()):04X}" if found else too_long
    if isinstance(value, int):  # a boolean among them
        return None if abs(value) <= bounds.LARGEST_INTEGER else "is larger than a whole number of 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else "want a finite number, not inf or nan"
    return None if value is None else "want text in quotes, not a date or a time"  # TOML has both
