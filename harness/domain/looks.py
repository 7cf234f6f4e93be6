"""Looks: the block counts, sealed before the data, at which a verdict may be read.

Looking at every block would pass what should not pass (31 % at a nominal 5 %); so the
error is spent over the sealed looks, one-sided 0.005, 0.0075 and 0.0125 for three of
them, and between looks the verdict is that of the last one. Every verdict of a look is
held to the same share: PASS and FAIL to one end of its interval, the co-primary
comparisons together to both ends, EQUIVALENT at each side of the margin to both ends'
share, cost ceilings to their interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SPENT = {1: (0.025,), 2: (0.010, 0.015), 3: (0.005, 0.0075, 0.0125)}  # one-sided, adding up to 0.025
USUAL = (6, 8, 12)


@dataclass(frozen=True)
class Look:
    """What may be read now: of how many blocks, at which two-sided confidence; ``following`` is the next count."""

    blocks: int
    confidence: float
    following: int | None
    number: int
    of: int

    @property
    def early(self) -> bool:
        """Whether more blocks are planned: an estimate that stops here is biased away from its limit."""
        return self.following is not None


def looks_of(planned: int) -> tuple[int, ...]:
    """The sealed counts of a plan: the usual ones below its end, and its end."""
    return (*[count for count in USUAL if count < planned][-2:], planned)


def look(valid: int, planned: int) -> Look:
    """The last look that ``valid`` blocks reach; before the first it is of what there is, and decides nothing."""
    counts = looks_of(planned)
    alphas = SPENT[len(counts)]
    reached = [k for k, count in enumerate(counts) if count <= valid]
    if not reached:
        return Look(valid, 1 - 2 * alphas[0], counts[0], 0, len(counts))
    last = reached[-1]
    following = counts[last + 1] if last + 1 < len(counts) else None
    return Look(counts[last], round(1 - 2 * alphas[last], 6), following, last + 1, len(counts))


def first_blocks(valid: Sequence[int], count: int) -> tuple[int, ...]:
    """The blocks that a look is of: the first so many, in the order of the plan."""
    return tuple(sorted(valid)[:count])
