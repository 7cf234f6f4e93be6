"""Changes between campaigns that were measured apart, from their values and intervals alone.

The spread of a difference of two independent estimates follows from the ends of their
intervals that face each other (MOVER: Zou and Donner 2008, Statistics in Medicine 27),
so that crooked intervals keep their sides. Its tails are Student's with the smaller number
of blocks less one, or normal where those give the larger p: an interval says nothing of
what lies far beyond it, and little of what lies well within.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.analysis import special
from harness.analysis.compare import holm

ALPHA = 0.05  # of all changes of a family together
LARGEST = 700.0  # of a logarithm whose number a computer has
NOTHING = 1e-9  # of a logarithm, or of a share: what rounding leaves is no change


class By(StrEnum):
    """What a change is counted in."""

    TIMES = "times"
    POINTS = "points"  # of a share


@dataclass(frozen=True)
class Seen:
    """One figure of one campaign; ``blocks`` is None where its report does not say."""

    value: float
    low: float | None
    high: float | None
    confidence: float
    blocks: int | None


Sides = Sequence[tuple[Seen, float]]


@dataclass(frozen=True)
class Change:
    """From one campaign to a later one; ``p`` is two-sided, of no change, and ``apart`` whether the intervals share no value."""

    by: By
    size: float  # a ratio, or a difference of shares
    apart: bool
    p: float

    @property
    def rises(self) -> bool:
        return self.size > (0 if self.by is By.POINTS else 1)

    @property
    def magnitude(self) -> float:
        """How large it is either way."""
        return abs(self.size) if self.by is By.POINTS else abs(math.log(self.size))


def change(before: Seen, after: Seen, by: By) -> Change | None:
    """None where an interval has no end on the side of the other: then nothing can be said."""
    one, two = (_placed(seen, by) for seen in (before, after))
    size = size_of(before, after, by)
    if one is None or two is None or size is None:
        return None
    up, degrees = two[1] >= one[1], _degrees(before, after)
    near, far = (one[2], two[0]) if up else (one[0], two[2])
    if near is None or far is None:
        return None
    sides = ((before, abs(near - one[1])), (after, abs(far - two[1])))
    apart = near < far if up else near > far
    laws = dict.fromkeys((None, degrees))
    return Change(by, size, apart, max(_two_sided(abs(two[1] - one[1]), _spread(sides, law), law) for law in laws))


def interval(before: Seen, after: Seen, by: By, confidence: float) -> tuple[float | None, float | None]:
    """Ends of the change, as its size is counted: at one less ``p`` its nearer end is no change. None where one has no end."""
    one, two = (_placed(seen, by) for seen in (before, after))
    if one is None or two is None:
        return None, None
    there, laws = two[1] - one[1], dict.fromkeys((None, _degrees(before, after)))
    reach = [
        None
        if near is None or far is None
        else max(
            _quantile(confidence, law) * _spread(((before, abs(near - one[1])), (after, abs(far - two[1]))), law)
            for law in laws
        )
        for near, far in ((one[2], two[0]), (one[0], two[2]))
    ]
    ends = [None if far is None else there + way * far for way, far in zip((-1, 1), reach, strict=True)]
    low, high = (None if end is None else _counted(end, by) for end in ends)
    return low, high


def _counted(end: float, by: By) -> float | None:
    """From the scale of ``_placed`` to that of a change's size."""
    if by is By.POINTS:
        return min(1.0, max(-1.0, end))  # a share has no further to go
    return math.exp(end) if end < LARGEST else None


def judged(families: Sequence[Sequence[float]]) -> list[list[float]]:
    """P values of each family by Holm's correction, which holds however they depend on each other."""
    return [holm(family) for family in families]


def size_of(before: Seen, after: Seen, by: By) -> float | None:
    """None where there is no ratio."""
    if by is By.POINTS:
        return after.value - before.value
    size = after.value / before.value if before.value > 0 and after.value > 0 else 0.0
    return size if 0 < size < math.inf else None


def _placed(seen: Seen, by: By) -> tuple[float | None, float, float | None] | None:
    """Low end, value and high end on the scale that changes are counted on."""
    if by is By.POINTS:
        return seen.low, seen.value, seen.high
    if seen.value <= 0:
        return None
    low, high = (None if end is None or end <= 0 else math.log(end) for end in (seen.low, seen.high))
    return low, math.log(seen.value), high


def _degrees(*seen: Seen) -> int | None:
    known = [one.blocks for one in seen if one.blocks is not None]
    return max(1, min(known) - 1) if len(known) == len(seen) else None


def _quantile(confidence: float, degrees: int | None) -> float:
    """How many of its own spreads an end lies off, by the law of its tails."""
    at = 0.5 + confidence / 2
    return float(special.ndtri(at) if degrees is None else special.stdtrit(degrees, at))


def _spread(sides: Sides, degrees: int | None) -> float:
    """``sides``: of each figure how far its facing end lies off; ``degrees`` is None for normal tails."""
    return math.hypot(*(off / _quantile(seen.confidence, degrees) for seen, off in sides))


def _two_sided(distance: float, spread: float, degrees: int | None) -> float:
    if distance <= NOTHING:
        return 1.0
    if spread == 0:
        return 0.0
    z = -distance / spread
    return float(2 * (special.ndtr(z) if degrees is None else special.stdtr(degrees, z)))
