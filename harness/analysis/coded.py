"""Texts and flags of few different values: one small integer each, which compares fast and outside the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from harness.evidence.arrow import numpy_of

Array = np.ndarray[Any, np.dtype[Any]]
SMALL = 2**7


class Coded:
    """``values[codes]``, with the last of ``values`` None: an array of objects as far as its readers see."""

    __slots__ = ("_codes", "_values")
    __hash__ = None  # type: ignore[assignment] # it compares element by element

    def __init__(self, codes: Array, values: Sequence[Any]) -> None:
        self._codes = codes
        self._values = values

    @property
    def nbytes(self) -> int:
        return self._codes.nbytes + 80 * len(self._values)

    def __len__(self) -> int:
        return len(self._codes)

    def __iter__(self) -> Iterator[Any]:
        values = self._values
        return (values[code] for code in self._codes.tolist())

    def __getitem__(self, chosen: Any) -> Any:  # noqa: ANN401 - a value for an integer, Coded for anything else
        found = self._codes[chosen]
        return Coded(found, self._values) if isinstance(found, np.ndarray) else self._values[found]

    def __contains__(self, value: object) -> bool:
        return bool(self.among((value,)).any())

    def __eq__(self, other: object) -> Array:  # type: ignore[override] # element by element
        if not isinstance(other, Coded):
            return self.among((other,))
        place = {value: k for k, value in enumerate(self._values)}
        here = np.array([place.get(value, -1) for value in other._values])[other._codes]
        same: Array = self._codes == here
        return same

    def __ne__(self, other: object) -> Array:  # type: ignore[override] # element by element
        return ~(self == other)

    def counts(self, chosen: Array) -> dict[Any, int]:
        """How often each value stands where ``chosen`` is true."""
        codes = self._codes[chosen]
        if not len(codes):
            return {}
        found = np.bincount(codes % len(self._values), minlength=len(self._values))  # -1 is the last
        return {self._values[int(k)]: int(found[k]) for k in np.flatnonzero(found)}

    def told(self, of: Callable[[Any], int], lack: int) -> Array:
        """A number made of each value, ``lack`` for None; made once a value."""
        table = np.array([lack if value is None else of(value) for value in self._values], dtype=np.int64)
        made: Array = table[self._codes]
        return made

    def among(self, wanted: Iterable[object]) -> Array:
        """Where the value is one of ``wanted``."""
        kept = set(wanted)
        hits = [k for k, value in enumerate(self._values) if value in kept]
        if len(hits) == 1:
            one: Array = self._codes == hits[0]
            return one
        table = np.zeros(len(self._values), dtype=bool)
        table[hits] = True
        found: Array = table[self._codes]
        return found


def coded(column: Any) -> Coded:  # noqa: ANN401 - pyarrow has no types
    """Of a column of texts or flags."""
    if pa.types.is_boolean(column.type):
        codes = numpy_of(column.cast(pa.int8()), 2)
        return Coded(codes, (False, True, None))
    one = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    one = one.unify_dictionaries().combine_chunks()
    values = (*one.dictionary.to_pylist(), None)
    codes = numpy_of(one.indices, len(values) - 1)
    return Coded(codes.astype(np.int8) if len(values) < SMALL else codes, values)


def among(column: Any, wanted: Iterable[object]) -> Array:  # noqa: ANN401 - Coded, or an array of objects
    """Where the value is one of ``wanted``."""
    if isinstance(column, Coded):
        return column.among(wanted)
    found: Array = np.isin(column, np.array(list(wanted), dtype=object))
    return found


def is_true(column: Any) -> Array:  # noqa: ANN401 - Coded, or an array of objects
    """Where a flag is known and true."""
    found = column == True  # noqa: E712 - element by element, None among them
    flags: Array = np.asarray(found, dtype=bool)
    return flags


def is_known(column: Any) -> Array:  # noqa: ANN401 - Coded, or an array of objects
    """Where there is a value at all."""
    found = column != None  # noqa: E711 - element by element
    flags: Array = np.asarray(found, dtype=bool)
    return flags
