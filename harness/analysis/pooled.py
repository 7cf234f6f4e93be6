"""Blocks sorted once each, so that every count beyond a value, and every quantile, is a search and never another sort."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from harness.analysis.likeness import Likeness, Runs, likeness

Array = np.ndarray[Any, np.dtype[np.float64]]


def rank_of(p: float, n: int) -> int:
    """Index, from 0, of the inverted-CDF quantile among ``n`` sorted values."""
    return min(n - 1, max(0, math.ceil(p * n - 1e-9) - 1))


class Pooled:
    """Each block's values, sorted; nan must not be among them, +inf is a failure. Empty blocks are left out."""

    def __init__(self, blocks: Sequence[Array]) -> None:
        self._blocks = [np.asarray(block, dtype=np.float64) for block in blocks if len(block)]
        self.sorted = [np.sort(block) for block in self._blocks]

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
    def values(self) -> Array:
        """Of all blocks, sorted."""
        if not self.sorted:
            return np.array([])
        return np.sort(np.concatenate(self.sorted), kind="stable")  # merges runs that are sorted already

    @cached_property
    def alike(self) -> Likeness:
        """How alike the values of one block are; blocks are taken to come in the order of their requests."""
        return likeness(self._blocks, self.sorted, self.values)

    def runs(self, value: float) -> Runs:
        """What all values say of those beyond ``value``."""
        return Runs(self.alike, self._levels, math.log(value) if value > 0 else -math.inf)

    def _levels(self, share: float) -> Array:
        """Logarithm of each block's own quantile beyond which a share ``share`` lies."""
        found = np.array([block[rank_of(1 - share, len(block))] for block in self.sorted])
        with np.errstate(divide="ignore"):
            levels: Array = np.log(np.maximum(found, 0.0))
        return levels

    @property
    def finite(self) -> Array:
        """Those that are no failure."""
        return self.values[: int(self.values.searchsorted(math.inf))]

    def quantile(self, p: float) -> float:
        """Smallest value with at least a share ``p`` at or below it; inf when too many failed, nan when empty."""
        return float(self.values[rank_of(p, len(self))]) if len(self) else math.nan


def first(values: Array, holds: Callable[[float], bool], limit: float | None = None) -> float | None:
    """The smallest of the sorted ``values`` for which ``holds``, by halving; None where it never does.

    The search starts at ``limit``: where that holds the answer is no larger (``limit`` itself
    where no value up to it holds), else it is larger, whatever the values between would say.
    """
    low, high = 0, len(values)
    if limit is not None:
        split = int(values.searchsorted(limit, "right"))
        below = holds(limit)
        if below and not (split and holds(float(values[split - 1]))):
            return limit
        low, high = (0, split) if below else (split, high)
    if low == high or not holds(float(values[high - 1])):
        return None
    while low < high - 1:
        middle = (low + high) // 2
        if holds(float(values[middle - 1])):
            high = middle
        else:
            low = middle
    return float(values[high - 1])
