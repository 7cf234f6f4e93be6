"""Blocks pooled and sorted once, so that every quantile with and without each block is a look-up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]


def rank_of(p: float, n: int) -> int:
    """Index, from 0, of the inverted-CDF quantile among ``n`` sorted values."""
    return min(n - 1, max(0, math.ceil(p * n - 1e-9) - 1))


class Pooled:
    """Sorted values of all blocks, and where in them each block's own values stand.

    Without block k the value of rank r stands at r plus the number of k's values
    before it: those j-th of k's places with (place_j - j) <= r.
    """

    def __init__(self, blocks: Sequence[Array]) -> None:
        values = np.concatenate(blocks) if blocks else np.empty(0)
        order = np.argsort(values, kind="stable")
        place = np.empty(len(values), dtype=np.int64)
        place[order] = np.arange(len(values))
        ends = np.cumsum([len(block) for block in blocks])
        self.values: Array = values[order]
        own = [np.sort(places) for places in np.split(place, ends[:-1])] if blocks else []
        self._others_before = [places - np.arange(len(places)) for places in own]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def blocks(self) -> int:
        return len(self._others_before)

    def quantile(self, p: float, without: int | None = None) -> float:
        """Smallest value with at least a share ``p`` at or below it; inf when too many failed, nan when empty."""
        skipped = None if without is None else self._others_before[without]
        n = len(self) - (0 if skipped is None else len(skipped))
        if n == 0:
            return math.nan
        rank = rank_of(p, n)
        shift = 0 if skipped is None else int(np.searchsorted(skipped, rank, side="right"))
        return float(self.values[rank + shift])

    def log_quantile(self, p: float, without: int | None = None) -> float:
        value = self.quantile(p, without)
        return math.log(value) if value > 0 else -math.inf
