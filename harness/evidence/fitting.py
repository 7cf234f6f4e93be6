"""The last guard before the files: of a row with a value that no column holds, the sample stays and says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.domain.bounds import LARGEST_INTEGER, MOST_DETAIL
from harness.domain.sample import COLUMNS, Outcome
from harness.evidence.schema import SAMPLE_KINDS

Row = Sequence[Any]

_NONE = type(None)
_TYPES: dict[str, frozenset[type]] = {
    "int": frozenset((int, _NONE)),
    "float": frozenset((float, int, _NONE)),
    "bool": frozenset((bool, _NONE)),
    "text": frozenset((str, _NONE)),
}
_KINDS = tuple(SAMPLE_KINDS[name] for name in COLUMNS)
_OUTCOME, _DETAIL = COLUMNS.index("outcome"), COLUMNS.index("detail")
_REPR = 60  # characters of a value that is quoted


def fitted(rows: list[Row]) -> list[Row]:
    """The same rows, those that fit as they are; a look a column where all do."""
    columns = zip(*rows, strict=True)
    if all(_all_fit(column, kind) for column, kind in zip(columns, _KINDS, strict=True)):
        return rows
    return [fit(row) for row in rows]


def fit(row: Row) -> Row:
    """The row; without the values that cannot be kept, as ``bad_contract`` with the reason, where there are any."""
    wrong = [k for k, (value, kind) in enumerate(zip(row, _KINDS, strict=True)) if not _fits(value, kind)]
    if not wrong:
        return row
    made = [None if k in wrong else value for k, value in enumerate(row)]
    made[_OUTCOME] = Outcome.BAD_CONTRACT.value
    said = ", ".join(f"{COLUMNS[k]} is {_shown(row[k])}" for k in wrong)
    made[_DETAIL] = f"cannot be recorded: {said}"[:MOST_DETAIL]
    return made


def _all_fit(column: Sequence[Any], kind: str) -> bool:
    if not _TYPES[kind].issuperset(map(type, column)):
        return False
    if kind != "int":
        return True  # floats are finite or null, texts are whole: JSON that was read strictly holds nothing else
    numbers = [value for value in column if value is not None]
    return not numbers or (max(numbers) <= LARGEST_INTEGER and min(numbers) >= -LARGEST_INTEGER)


def _fits(value: object, kind: str) -> bool:
    if value is None:
        return True
    if isinstance(value, bool) or kind == "bool":
        return isinstance(value, bool) and kind == "bool"
    if isinstance(value, str):
        return kind == "text" and _is_whole(value)
    if isinstance(value, int):
        return kind in ("int", "float") and abs(value) <= LARGEST_INTEGER
    return isinstance(value, float) and kind == "float"


def _is_whole(text: str) -> bool:
    """No half of a surrogate pair, which UTF-8 cannot write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: object) -> str:
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return f"a number of {value.bit_length()} bits"
    return ascii(value)[:_REPR]
