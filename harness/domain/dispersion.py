"""How bursty arrivals are: the variation of their gaps, and of their counts in windows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

LEAST_WINDOWS = 10  # fewer windows say next to nothing about a variance


@dataclass(frozen=True)
class Dispersion:
    """Of n instants; None where there are too few to tell.

    ``gap_cv``: standard deviation over mean of the gaps; 0 evenly spaced, 1 Poisson.
    ``idc_1s``, ``idc_10s``: index of dispersion for counts, variance over mean of the
    counts in windows of that length; 1 for Poisson at one rate, more where traffic comes in bursts.
    """

    n: int
    gap_cv: float | None
    idc_1s: float | None
    idc_10s: float | None


def dispersion(instants_s: Sequence[float]) -> Dispersion:
    """Of ascending instants, seconds."""
    gaps = [b - a for a, b in pairwise(instants_s)]
    mean = math.fsum(gaps) / len(gaps) if gaps else 0.0
    cv = None
    if len(gaps) >= 2 and mean > 0:
        cv = math.sqrt(math.fsum((g - mean) ** 2 for g in gaps) / (len(gaps) - 1)) / mean
    return Dispersion(len(instants_s), cv, _idc(instants_s, 1.0), _idc(instants_s, 10.0))


def _idc(instants_s: Sequence[float], window_s: float) -> float | None:
    """Over the whole windows between the first and the last instant."""
    if not instants_s:
        return None
    first = instants_s[0]
    windows = int((instants_s[-1] - first) / window_s)
    if windows < LEAST_WINDOWS:
        return None
    counts = Counter(k for at_s in instants_s if (k := int((at_s - first) / window_s)) < windows)
    mean = counts.total() / windows
    if mean == 0:
        return None
    # empty windows are not kept: a year of a sparse trace has 30 million of one second
    squares = math.fsum((c - mean) ** 2 for c in counts.values()) + (windows - len(counts)) * mean**2
    return squares / (windows - 1) / mean
