"""How many workers a container service wants: the autoscaler's rule, without processes or clocks.

After Cloud Run and Knative: the mean number of requests in hand and in the queue over
a window, divided by a share of what one instance takes; and at once enough places for
what waits now. Between a least and a most; fewer only after ``idle_s`` of needing fewer.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

COLD_QUEUE_FACTOR, COLD_QUEUE_LEAST_S = 3.5, 10.0  # Cloud Run: 3.5 times the mean start, or 10 s


@dataclass(frozen=True)
class ScalingRules:
    """Of one service; ``least`` equal to ``most`` is a fixed size."""

    least: int
    most: int
    concurrency: int
    target_share: float
    window_s: float
    idle_s: float


class Autoscaler:
    """Keeps the window; every time is the caller's."""

    def __init__(self, rules: ScalingRules) -> None:
        self._rules = rules
        self._load: deque[tuple[float, int]] = deque()
        self._needed: deque[tuple[float, int]] = deque()

    def note(self, now_s: float, load: int) -> None:
        """Requests in hand and waiting, as of now."""
        self._load.append((now_s, load))
        while now_s - self._load[0][0] > self._rules.window_s:
            self._load.popleft()

    def wanted(self, now_s: float) -> int:
        """Workers that there should be."""
        rules = self._rules
        if rules.least == rules.most or not self._load:
            return rules.least
        mean = sum(load for _, load in self._load) / len(self._load)
        by_window = math.ceil(mean / (rules.target_share * rules.concurrency) - 1e-9)
        by_need = math.ceil(self._load[-1][1] / rules.concurrency)
        needed = min(rules.most, max(rules.least, by_window, by_need))
        self._needed.append((now_s, needed))
        while now_s - self._needed[0][0] > rules.idle_s:
            self._needed.popleft()
        return max(needed for _, needed in self._needed)


def queue_limit_s(mean_start_s: float) -> float:
    """How long Cloud Run keeps a request waiting for an instance before it answers 429."""
    return max(COLD_QUEUE_LEAST_S, COLD_QUEUE_FACTOR * mean_start_s)
