"""Arrival processes: how N arrivals spread within a stretch of operational time."""

from __future__ import annotations

import math
from enum import StrEnum
from itertools import accumulate
from random import Random


class Process(StrEnum):
    """How arrivals are spread within a phase."""

    CONSTANT = "constant"
    POISSON = "poisson"
    GAMMA = "gamma"


def shares(process: Process, n: int, cv: float, rng: Random) -> list[float]:
    """N ascending points in [0, 1): where in a phase's operational time arrivals fall."""
    if process is Process.CONSTANT:
        return [k / n for k in range(n)]
    if process is Process.POISSON:
        return sorted(rng.random() for _ in range(n))
    shape = 1 / (cv * cv)
    gaps = [rng.gammavariate(shape, 1 / shape) for _ in range(n + 1)]
    total = math.fsum(gaps)
    return [min(point / total, 1 - 1e-12) for point in accumulate(gaps[:-1])] if total else []
