"""What a validator found wrong, in the words of a person who edits a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.domain.shown import visible

WORDS = {
    "missing": "is required",
    "string_type": "want a text",
    "int_type": "want a whole number",
    "int_parsing": "want a whole number",
    "int_from_float": "want a whole number",
    "float_type": "want a number",
    "float_parsing": "want a number",
    "bool_type": "want true or false",
    "tuple_type": "want a list",
    "list_type": "want a list",
    "dict_type": "want {table}",
    "model_type": "want {table}",
    "model_attributes_type": "want {table}",
    "dataclass_type": "want {table}",
    "string_pattern_mismatch": "does not match {pattern}",
    "string_too_short": "want at least {min_length} characters",
    "string_too_long": "want at most {max_length} characters",
    "too_short": "want at least {min_length} of them, not {actual_length}",
    "too_long": "want at most {max_length} of them, not {actual_length}",
    "greater_than": "want more than {gt:g}",
    "greater_than_equal": "want at least {ge:g}",
    "less_than": "want less than {lt:g}",
    "less_than_equal": "want at most {le:g}",
    "literal_error": "want {expected}",
    "enum": "want {expected}",
}  # by pydantic's own kinds of error


def words_of(item: Any, table: str = "a table") -> str:  # noqa: ANN401 - pydantic's own TypedDict
    """``table``: what values with names are called there."""
    ctx = item.get("ctx") or {}
    if item["type"] == "value_error":
        return visible(str(ctx["error"]))
    if (form := WORDS.get(item["type"])) is not None:
        return visible(form.format(table=table, **ctx))
    return visible(f"{item['msg'][:1].lower()}{item['msg'][1:]}")


def told(items: Sequence[Any]) -> Iterator[Any]:
    """Without how many are in a list some of which are wrong: those were not counted."""
    places = [item["loc"] for item in items]
    for item in items:
        place = item["loc"]
        inner = any(len(other) > len(place) and other[: len(place)] == place for other in places)
        if not (inner and item["type"] in ("too_short", "too_long")):
            yield item
