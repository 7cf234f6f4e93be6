"""Declared columns and plain rows to a DataFrame whose types do not depend on what is in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

import harness
from harness.domain.columns import Column, Kind

FRAMES_VERSION = 1
DTYPES: Mapping[Kind, str] = {
    Kind.INT: "Int64",
    Kind.FLOAT: "Float64",
    Kind.BOOL: "boolean",
    Kind.TEXT: "string",
    Kind.WORD: "category",
    Kind.INSTANT: "datetime64[ns, UTC]",
}


def frame(columns: Sequence[Column], rows: Iterable[Sequence[Any]], **attrs: Any) -> pd.DataFrame:  # noqa: ANN401
    """Rows in the order of ``columns``; None and nan become NA, infinity stays. ``attrs`` say what the frame is."""
    listed = [list(values) for values in zip(*rows, strict=True)] or [[] for _ in columns]
    made = pd.DataFrame({c.name: series(c, values) for c, values in zip(columns, listed, strict=True)})
    return described(made, columns, **attrs)


def series(column: Column, values: Sequence[Any]) -> pd.Series[Any]:
    """One column in its type."""
    name, kind = column.name, column.kind
    if kind is Kind.INSTANT:
        moments = pd.to_datetime(pd.Series(list(values), dtype="object", name=name), utc=True, format="ISO8601")
        return moments.astype("datetime64[ns, UTC]")
    plain = [_plain(value, kind) for value in values]
    if kind is Kind.WORD:  # texts even where there is none yet, so that frames of different pilots can be put together
        return pd.Series(plain, dtype=pd.CategoricalDtype(_words(plain)), name=name)
    return pd.Series(plain, dtype=DTYPES[kind], name=name)


def described(made: pd.DataFrame, columns: Sequence[Column], **attrs: Any) -> pd.DataFrame:  # noqa: ANN401
    """With ``attrs`` set: version, what a row is, where it comes from, each column's unit and meaning."""
    made.attrs.update(attrs)
    made.attrs["schema_version"] = FRAMES_VERSION
    made.attrs["harness"] = harness.__version__
    made.attrs["units"] = {c.name: c.unit for c in columns if c.unit}
    made.attrs["means"] = {c.name: c.means for c in columns}
    return made


def _words(values: Sequence[Any]) -> pd.Index[Any]:
    found: pd.Index[Any] = pd.Index(sorted({v for v in values if v is not None}), dtype="str")
    return found


def _plain(value: Any, kind: Kind) -> Any:  # noqa: ANN401 - one line a kind
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if kind is Kind.FLOAT:
        return float(value)
    if kind is Kind.INT:
        return int(value)
    if kind is Kind.BOOL:
        return bool(value)
    if isinstance(value, list | tuple | set | frozenset):
        return "; ".join(map(str, value)) or None
    return str(value)
