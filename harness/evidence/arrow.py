"""Between Python, NumPy and Arrow by their buffers.

pyarrow's own ``array`` and ``to_numpy`` import pandas first, where it is installed: as long as a short command takes
altogether, and in the load generator at the end of every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

Array = np.ndarray[Any, np.dtype[Any]]


def array(values: Sequence[Any], kind: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """One column of int64, float64, bool or string; None is null, and so is nan, which says no more."""
    n, type_ = len(values), kind
    if values.count(None) == n:
        return pa.nulls(n, type_)
    if pa.types.is_float64(type_):
        numbers = np.array(values, dtype=np.float64)  # None becomes nan
        return pa.Array.from_buffers(type_, n, [_bits(~np.isnan(numbers)), pa.py_buffer(numbers)])
    known = None
    if None in values:
        known = np.fromiter((v is not None for v in values), dtype=bool, count=n)
        empty: Any = "" if pa.types.is_string(type_) else 0
        values = [empty if v is None else v for v in values]
    if pa.types.is_string(type_):
        return pa.Array.from_buffers(type_, n, [_bits(known), *_texts(values)])
    if pa.types.is_boolean(type_):
        return pa.Array.from_buffers(type_, n, [_bits(known), _bits(np.array(values, dtype=bool))])
    return pa.Array.from_buffers(type_, n, [_bits(known), pa.py_buffer(np.array(values, dtype=np.int64))])


def numpy_of(column: Any, missing: float = np.nan) -> Array:  # noqa: ANN401
    """Numbers or flags of an array or chunked array, with ``missing`` where there is none; a type that cannot hold it raises."""
    if pa.types.is_boolean(column.type):
        return numpy_of(column.cast("uint8"), missing).view(np.bool_)
    dtype = np.dtype(str(column.type).replace("double", "float64"))
    parts = [_part(chunk, dtype, missing) for chunk in getattr(column, "chunks", [column]) if len(chunk)]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


def _part(chunk: Any, dtype: np.dtype[Any], missing: float) -> Array:  # noqa: ANN401
    end = chunk.offset + len(chunk)
    validity, data = chunk.buffers()
    if chunk.null_count == len(chunk):  # its data may be left out
        return np.full(len(chunk), _held(missing, dtype))
    found: Array = np.frombuffer(data, dtype, count=end)[chunk.offset :]
    if chunk.null_count == 0:
        return found
    known = np.unpackbits(np.frombuffer(validity, np.uint8), count=end, bitorder="little")[chunk.offset :]
    return np.where(known, found, _held(missing, dtype))


def _held(missing: float, dtype: np.dtype[Any]) -> Any:  # noqa: ANN401 - a scalar of that type
    if dtype.kind != "f" and missing != missing:  # noqa: PLR0124 - nan
        raise ValueError(f"a column of {dtype} has nulls and nothing to put in their place")
    return dtype.type(missing)


def _bits(flags: Array | None) -> Any:  # noqa: ANN401
    return None if flags is None else pa.py_buffer(np.packbits(flags, bitorder="little"))


def _texts(values: Sequence[str]) -> tuple[Any, Any]:
    """Where each ends, and all of them; raises OverflowError past 2 GiB, the most that one string array holds."""
    joined = "".join(values)
    data = joined.encode()
    sizes = map(len, values) if len(data) == len(joined) else (len(v.encode()) for v in values)
    ends = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(sizes, dtype=np.int64, count=len(values)), out=ends[1:])
    if ends[-1] >= 2**31:
        raise OverflowError("more than 2 GiB of text in one column of one chunk")
    return pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(data)
