"""How many blocks would settle an open promise, with how far that number itself can be trusted."""

from __future__ import annotations

from dataclasses import replace

from harness.analysis.shares import LEAST_BLOCKS, Share
from harness.domain.verdict import Needed

MOST_SAID = 200
UNSURE = 0.05  # one-sided: the ends hold nine of ten


def blocks_needed(beyond: Share, allowed: float, alpha: float) -> Needed | None:
    """None where nothing was measured, or more than ``MOST_SAID`` blocks would not do were the share seen the truth."""
    if not beyond.n or not beyond.blocks:
        return None
    if beyond.blocks < LEAST_BLOCKS:
        return Needed(LEAST_BLOCKS, LEAST_BLOCKS, None)
    middle = _until(beyond, beyond.value, allowed, alpha)
    if middle is None:
        return None
    ends = [_until(beyond, share, allowed, alpha) for share in beyond.interval(UNSURE)]
    low = min([middle, *(end for end in ends if end is not None)])
    inside = beyond.interval(UNSURE)[0] <= allowed <= beyond.interval(UNSURE)[1]
    high = None if inside or None in ends else max([middle, *(end for end in ends if end is not None)])
    return Needed(middle, low, high)


def _until(beyond: Share, share: float, allowed: float, alpha: float) -> int | None:
    """Blocks in all at which ``share`` would be told from what is allowed."""
    for blocks in range(beyond.blocks + 1, MOST_SAID + 1):
        then = replace(beyond, value=share, blocks=blocks, n=beyond.n * blocks / beyond.blocks)
        if then.below(allowed, alpha) or then.above(allowed, alpha):
            return blocks
    return None
