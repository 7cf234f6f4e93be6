"""One run's samples column by column, read when asked for and kept while there is room.

Text and flags become object arrays whose values are shared: there are few different ones
among millions, and one object each would take ten times the memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harness.errors import BadFile, Problem

Array = np.ndarray[Any, np.dtype[Any]]
ROOM_BYTES = 1400 * 10**6  # of all runs together
OFTEN = frozenset(
    {
        *("measured", "stream", "outcome", "cold", "scheduled_s", "sent_s", "first_token_s", "finished_s"),
        *("generation_ms", "bytes", "input_tokens", "output_tokens"),
    }
)
CODED = frozenset({"outcome", "layer", "error_code", "phase", "init_type", "refused_by"})  # texts of few values
NEVER_NULL = frozenset({"measured", "stream"})  # flags that every arrival has: plain booleans


class Room:
    """Arrays of every run; what was used longest ago goes first."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[tuple[str, int, str], Array] = OrderedDict()
        self._bytes = 0

    def get(self, key: tuple[str, int, str]) -> Array | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: tuple[str, int, str], value: Array) -> None:
        if key in self._kept:
            return
        self._kept[key] = value
        self._bytes += value.nbytes
        while self._bytes > self._most and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= gone.nbytes


ROOM = Room(ROOM_BYTES)


class Columns(Mapping[str, Array]):
    """``names`` of one samples.parquet; a null number is nan, a null text or flag None."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self._path = folder / "samples.parquet"
        self._names = frozenset(names)
        self._text = str(self._path)
        try:
            self._head = pq.read_metadata(self._path)
            self._changed = self._path.stat().st_mtime_ns
        except (OSError, ValueError) as error:
            raise BadFile(self._path, [Problem("", f"cannot be read: {error}")]) from None
        if missing := [name for name in names if name not in self._head.schema.names]:
            raise BadFile(self._path, [Problem(name, "is not one of its columns") for name in missing])

    def __getitem__(self, name: str) -> Array:
        if name not in self._names:
            raise KeyError(name)
        found = ROOM.get((self._text, self._changed, name))
        if found is None:
            # most analyses want the same few: one read decodes them side by side
            wanted = OFTEN & self._names if name in OFTEN else {name}
            found = self._read(sorted(wanted))[name]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)

    def _read(self, names: list[str]) -> dict[str, Array]:
        coded = [name for name in names if name in CODED]
        try:
            with pq.ParquetFile(self._path, metadata=self._head, read_dictionary=coded) as file:
                table = file.read(columns=names)
        except (OSError, ValueError, KeyError) as error:
            raise BadFile(self._path, [Problem(", ".join(names), f"cannot be read: {error}")]) from None
        out = {name: as_array(table.column(name), name) for name in names}
        for name, value in out.items():
            ROOM.put((self._text, self._changed, name), value)
        return out


def as_array(column: Any, name: str = "") -> Array:  # noqa: ANN401 - pyarrow has no types
    """Numbers as floats, anything else as objects that are shared."""
    dictionary = pa.types.is_dictionary(column.type)
    if not (dictionary or pa.types.is_string(column.type) or pa.types.is_boolean(column.type)):
        numbers: Array = (column if pa.types.is_float64(column.type) else column.cast("float64")).to_numpy()
        return numbers
    if pa.types.is_boolean(column.type) and not column.null_count and name in NEVER_NULL:
        flags: Array = column.to_numpy()
        return flags
    if pa.types.is_boolean(column.type):
        column = pc.cast(column, pa.int8())
        values: list[Any] = [False, True, None]
        codes = pc.fill_null(column, 2).to_numpy()
    else:
        coded = column if dictionary else column.dictionary_encode()
        coded = coded.unify_dictionaries().combine_chunks()
        values = [*coded.dictionary.to_pylist(), None]
        codes = pc.fill_null(coded.indices, len(values) - 1).to_numpy(zero_copy_only=False)
    table: Array = np.empty(len(values), dtype=object)
    table[:] = values
    shared: Array = table[codes]
    return shared


def is_true(column: Array) -> Array:
    """Where a flag is known and true."""
    flags: Array = (column == True).astype(bool)  # noqa: E712 - element by element, None among them
    return flags


def is_known(column: Array) -> Array:
    """Where there is a value at all."""
    known: Array = (column != None).astype(bool)  # noqa: E711 - element by element
    return known
