"""JSON as an answer holds it: read strictly, and what is not as expected named by its field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import orjson

from harness.domain.bounds import CITED_TEXT, MOST_CITATIONS, MOST_DEPTH

BOM = b"\xef\xbb\xbf"
_KINDS = {dict: "an object", list: "a list", str: "text", bool: "a boolean", int: "a number", float: "a number"}
_NO_NUMBERS = ("NaN", "Infinity")

T = TypeVar("T")


class Unexpected(ValueError):
    """The answer is not as its contract says; the message names the field."""


def json_value(data: bytes, what: str) -> Any:  # noqa: ANN401 - a JSON value
    """Any JSON value, a byte order mark before it or not; raises Unexpected with the place of what is wrong."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if data[:3] == BOM:
            return json_value(data[3:], what)
        rest = error.doc[error.pos :]
        number = next((n for n in _NO_NUMBERS if rest.startswith(n)), None)
        why = f"{number} is not JSON" if number else "not valid JSON"
        raise Unexpected(f"{what}: {why} (at character {error.pos})" if data else f"{what} is empty") from None


def json_object(data: bytes) -> dict[str, Any]:
    """An object, or an empty one where it is none."""
    try:
        value = json_value(data, "it")
    except Unexpected:
        return {}
    return value if isinstance(value, dict) else {}


def too_deep(value: object, most: int = MOST_DEPTH) -> bool:
    """Whether lists and objects lie in one another deeper than that; what writes JSON does so by recursion."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return most < 0 or any(too_deep(one, most - 1) for one in inner)


def wanted(value: object, kind: type[T], field: str) -> T:
    """The value, of this kind; raises Unexpected that names the field and what it is instead."""
    if type(value) is kind:
        return value
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Unexpected(f"{field} is {said(value)}, not {_KINDS[kind]}")
    return value


def cited(ids: Sequence[str]) -> str:
    """Ids of what an answer cites, in order; raises Unexpected where they are more than anyone cites."""
    if len(ids) > MOST_CITATIONS:
        raise Unexpected(f"more than {MOST_CITATIONS:,} citations")
    text = " ".join(ids)
    if len(text) > CITED_TEXT:
        raise Unexpected(f"ids of citations of more than {CITED_TEXT:,} characters")
    return text


def said(value: object) -> str:
    """What a JSON value is, in words."""
    return "null" if value is None else _KINDS.get(type(value), type(value).__name__)
