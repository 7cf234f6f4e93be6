"""Blocks sorted once each, so that every count beyond a value, and every quantile, is a search and never another sort."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
_SIGN = -(2**63)


def rank_of(p: float, n: int) -> int:
    """Index, from 0, of the inverted-CDF quantile among ``n`` sorted values."""
    return min(n - 1, max(0, math.ceil(p * n - 1e-9) - 1))


class Pooled:
    """Each block's values, sorted; nan must not be among them, +inf is a failure. Empty blocks are left out."""

    def __init__(self, blocks: Sequence[Array]) -> None:
        self.sorted = [np.sort(np.asarray(block, dtype=np.float64)) for block in blocks if len(block)]

    def __len__(self) -> int:
        return sum(map(len, self.sorted))

    @property
    def blocks(self) -> int:
        return len(self.sorted)

    @cached_property
    def totals(self) -> Array:
        """Values in each block."""
        return np.array([len(block) for block in self.sorted], dtype=np.float64)

    def beyond(self, value: float) -> Array:
        """By block, how many lie above ``value``."""
        # the method, not the function: its wrapper costs more than the search
        return self.totals - np.array([block.searchsorted(value, "right") for block in self.sorted], dtype=np.float64)

    @cached_property
    def failed(self) -> Array:
        """By block, how many are infinite."""
        return np.array([len(b) - int(b.searchsorted(math.inf)) for b in self.sorted], dtype=np.float64)

    @cached_property
    def ends(self) -> tuple[float, float] | None:
        """Smallest and largest finite value; None where there is none."""
        finite = [b[: int(b.searchsorted(math.inf))] for b in self.sorted]
        kept = [b for b in finite if len(b)]
        return (min(float(b[0]) for b in kept), max(float(b[-1]) for b in kept)) if kept else None

    def quantile(self, p: float) -> float:
        """Smallest value with at least a share ``p`` at or below it; inf when too many failed, nan when empty."""
        n = len(self)
        if n == 0:
            return math.nan
        wanted = rank_of(p, n) + 1
        low = min(float(block[0]) for block in self.sorted)
        high = max(float(block[-1]) for block in self.sorted)
        return smallest(lambda v: n - float(self.beyond(v).sum()) >= wanted, low, high)


def smallest(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Smallest double from ``low`` to ``high`` for which ``holds``, which it must for ``high`` and above the answer.

    The order of doubles is that of their bits as integers, so halving ends exactly at a value of the data.
    """
    first, last = _ordinal(low), _ordinal(high)
    while first < last:
        middle = (first + last) // 2
        if holds(_value(middle)):
            last = middle
        else:
            first = middle + 1
    return _value(last)


def _ordinal(value: float) -> int:
    """An integer in the order of the doubles, negative ones too; -0.0 and 0.0 are one value."""
    bits = int(struct.unpack("<q", struct.pack("<d", value + 0.0))[0])
    return bits if bits >= 0 else ~bits + _SIGN


def _value(ordinal: int) -> float:
    bits = ordinal if ordinal >= 0 else ~(ordinal - _SIGN)
    return float(struct.unpack("<d", struct.pack("<q", bits))[0])
