"""The share of cold answers at a traffic that was not measured: the placement rule played on paper.

One invocation per instance, the most recently used free one first, an idle one gone
after a window of K seconds. With instant answers that is one instance under Poisson
arrivals, and the share is e^(-rK); with longer ones several are needed and each is
idle more often, so it is larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np


def expected_share(
    rate_per_s: float, service_s: Sequence[float], windows_s: Sequence[float], seed: int, n: int = 20_000
) -> float:
    """Cold answers over all, of ``n`` Poisson arrivals that take times drawn from ``service_s``.

    An instance that becomes idle is kept for a time drawn from ``windows_s``.
    """
    rng = Random(f"cold share:{seed}")
    gaps = np.random.default_rng(seed).exponential(1 / rate_per_s, n)
    busy: list[float] = []  # ends, in no order: few at a time
    free: list[tuple[float, float]] = []  # when each became idle and until when it is kept, least recently first
    cold = 0
    now = 0.0
    for gap in gaps:
        now += float(gap)
        free += [(end, end + _one_of(windows_s, rng)) for end in sorted(end for end in busy if end <= now)]
        busy = [end for end in busy if end > now]
        free = [kept for kept in free if now <= kept[1]]
        if free:
            free.pop()
        else:
            cold += 1
        busy.append(now + rng.choice(service_s))
    return cold / n


def _one_of(windows_s: Sequence[float], rng: Random) -> float:
    return windows_s[0] if len(windows_s) == 1 else rng.choice(windows_s)
