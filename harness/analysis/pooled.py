"""Blocks sorted once each, so that every quantile with and without each block is a search and never another sort."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
_SIGN = np.int64(-(2**63))


def rank_of(p: float, n: int) -> int:
    """Index, from 0, of the inverted-CDF quantile among ``n`` sorted values."""
    return min(n - 1, max(0, math.ceil(p * n - 1e-9) - 1))


class Pooled:
    """Each block's values, sorted; nan must not be among them.

    The value of a rank over several blocks is found by halving the range of doubles,
    whose order is that of their bits as integers: exact, and a few microseconds a step.
    """

    def __init__(self, blocks: Sequence[Array]) -> None:
        self._keys = [_keys(np.sort(np.asarray(block, dtype=np.float64))) for block in blocks]

    def __len__(self) -> int:
        return sum(map(len, self._keys))

    @property
    def blocks(self) -> int:
        return len(self._keys)

    def share_infinite(self) -> float:
        """Of all values: those that failed."""
        top = _keys(np.array([math.inf]))[0]
        failed = sum(len(keys) - int(np.searchsorted(keys, top)) for keys in self._keys)
        return failed / len(self) if len(self) else math.nan

    def quantile(self, p: float, without: int | None = None) -> float:
        """Smallest value with at least a share ``p`` at or below it; inf when too many failed, nan when empty."""
        kept = [keys for k, keys in enumerate(self._keys) if k != without and len(keys)]
        n = sum(map(len, kept))
        if n == 0:
            return math.nan
        wanted = rank_of(p, n) + 1
        low, high = min(int(keys[0]) for keys in kept), max(int(keys[-1]) for keys in kept)
        while low < high:
            middle = (low + high) // 2
            # the method, not the function: its wrapper costs more than the search
            if sum(int(keys.searchsorted(middle, "right")) for keys in kept) >= wanted:
                high = middle
            else:
                low = middle + 1
        return _value(low)

    def log_quantile(self, p: float, without: int | None = None) -> float:
        value = self.quantile(p, without)
        return math.log(value) if value > 0 else -math.inf


def _keys(values: Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Integers in the order of the doubles, negative ones too."""
    bits = (values + 0.0).view(np.int64)  # -0.0 and 0.0 are one value
    return np.where(bits < 0, ~bits ^ _SIGN, bits)


def _value(key: int) -> float:
    bits = np.array([key], dtype=np.int64)
    bits = np.where(bits < 0, ~(bits ^ _SIGN), bits)
    return float(bits.view(np.float64)[0])
