"""One run's samples column by column, read when asked for and kept while there is room.

Text and flags are kept coded: there are few different ones among millions, and one object
each would take ten times the memory.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness.analysis.coded import Coded, coded
from harness.errors import BadFile, Problem
from harness.evidence.arrow import numpy_of
from harness.evidence.parquet import head, refusing
from harness.evidence.schema import SAMPLE_KINDS, SAMPLES_FORMAT
from harness.evidence.schema import SAMPLES_LATER as LATER

Array = np.ndarray[Any, np.dtype[Any]]
Column = Any  # an array of numbers, or Coded
ROOM_BYTES = 1400 * 10**6  # of all runs together
FEW_ROWS = 2_000  # opening a file of no more takes longer than decoding all of its columns
OFTEN = frozenset(
    {
        "measured",
        "stream",
        "outcome",
        "cold",
        "scheduled_s",
        "sent_s",
        "first_token_s",
        "finished_s",
        "generation_ms",
        "bytes",
        "input_tokens",
        "output_tokens",
    }
)
CODED = frozenset(
    {"outcome", "layer", "error_code", "phase", "init_type", "refused_by", "tenant", "route", "route_from"}
)  # texts of few values
NEVER_NULL = frozenset({"measured", "stream"})  # flags that every arrival has: plain booleans


class Room:
    """Columns of every run, for any thread; what was used longest ago goes first."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[tuple[str, int, str], Column] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()
        self._files: defaultdict[str, Lock] = defaultdict(Lock)

    def get(self, key: tuple[str, int, str]) -> Column | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: tuple[str, int, str], value: Column) -> None:
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = value
            self._bytes += value.nbytes
            while self._bytes > self._most and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= gone.nbytes

    def reading(self, file: str) -> Lock:
        """Held by the one thread that reads the file, so that no column is decoded twice at once."""
        with self._lock:
            return self._files[file]


ROOM = Room(ROOM_BYTES)


class Chosen(Mapping[str, Column]):
    """Some rows of other columns."""

    def __init__(self, of: Mapping[str, Column], rows: Array) -> None:
        self._of = of
        self._rows = rows

    def __getitem__(self, name: str) -> Column:
        return self._of[name][self._rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)


class Columns(Mapping[str, Column]):
    """``names`` of one samples.parquet; a null number is nan, a null text or flag None."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self._path = folder / "samples.parquet"
        self._names = frozenset(names)
        self._text = str(self._path)
        self._head = head(self._path, SAMPLES_FORMAT, SAMPLE_KINDS)
        self._changed = self._path.stat().st_mtime_ns
        here = self._head.schema.names
        if missing := [name for name in names if name not in here and name not in LATER]:
            raise BadFile(self._path, [Problem(name, "is not one of its columns") for name in missing])

    def __getitem__(self, name: str) -> Column:
        if name not in self._names:
            raise KeyError(name)
        key = (self._text, self._changed, name)
        found = ROOM.get(key)
        if found is not None:
            return found
        if name in LATER and name not in self._head.schema.names:
            return _unknown(name, self._head.num_rows)
        with ROOM.reading(self._text):
            found = ROOM.get(key)
            if found is None:
                found = self._beside(name)[name]
            return found

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)

    @property
    def here(self) -> frozenset[str]:
        """Columns that the file has; one of an older release lacks some."""
        return frozenset(self._head.schema.names)

    @property
    def rows(self) -> int:
        """Samples of the file."""
        return int(self._head.num_rows)

    def _beside(self, name: str) -> dict[str, Column]:
        """A column with those that one read decodes beside it."""
        if self.rows <= FEW_ROWS:
            with suppress(BadFile):  # of another column, perhaps: this one is asked for
                return self._read(sorted(self._names & self.here))
        # most analyses want the same few
        return self._read(sorted(OFTEN & self._names) if name in OFTEN else [name])

    def _read(self, names: list[str]) -> dict[str, Column]:
        few = [name for name in names if name in CODED]
        with refusing(self._path, ", ".join(names)):
            with pq.ParquetFile(self._path, metadata=self._head, read_dictionary=few) as file:
                table = file.read(columns=names)
            out = {name: as_array(table.column(name), name) for name in names}
        for name, value in out.items():
            ROOM.put((self._text, self._changed, name), value)
        return out


def _unknown(name: str, n: int) -> Column:
    """Of a column that an older format does not have: not known, for every arrival."""
    if SAMPLE_KINDS[name] in ("text", "bool"):
        return Coded(np.zeros(n, dtype=np.int8), (None,))
    return np.full(n, np.nan)


def as_array(column: Any, name: str = "") -> Column:  # noqa: ANN401 - pyarrow has no types
    """Numbers as floats, flags that are always known as booleans, anything else coded."""
    if pa.types.is_boolean(column.type) and not column.null_count and name in NEVER_NULL:
        return numpy_of(column)
    if any(is_(column.type) for is_ in (pa.types.is_dictionary, pa.types.is_string, pa.types.is_boolean)):
        return coded(column)
    return numpy_of(column if pa.types.is_float64(column.type) else column.cast("float64"))
