"""An autoscaler's loop: what it sees of the load, and how many instances it wants."""

from __future__ import annotations

import math
from collections import deque

from harness.predict.fleet import Autoscaler, Fleet


class Watch:
    """The load of a fleet as its autoscaler sees it: requests in hand and waiting, over time."""

    def __init__(self, fleet: Fleet, rule: Autoscaler) -> None:
        self._fleet, self._rule = fleet, rule
        self._load, self._area, self._at = 0, 0.0, 0.0
        self._seen: deque[tuple[float, float]] = deque([(0.0, 0.0)])
        self._wanted: deque[tuple[float, int]] = deque()  # what was wanted when; falling, so that the first is the most
        self._may_start_s = 0.0

    def changed(self, now: float, load: int) -> None:
        """There are so many from now on."""
        self._area += self._load * (now - self._at)
        self._load, self._at = load, now

    def wanted(self, now: float) -> int:
        """Instances, by the mean of the window and what is there now."""
        fleet, rule = self._fleet, self._rule
        self.changed(now, self._load)
        self._seen.append((now, self._area))
        while len(self._seen) > 2 and self._seen[1][0] <= now - rule.window_s:
            self._seen.popleft()
        since, before = self._seen[0]
        mean = (self._area - before) / (now - since)
        wanted = math.ceil(mean / (rule.share * fleet.at_once) - 1e-9)
        if rule.at_need:
            wanted = max(wanted, math.ceil(self._load / fleet.at_once))
        wanted = int(min(fleet.most, max(fleet.least_at(now), wanted)))
        self._remember(now, wanted)
        return wanted

    def more(self, now: float, wanted: int, there: int) -> int:
        """Starts that are asked for now, of what is wanted beyond those there and coming."""
        rule = self._rule
        if wanted <= there or now < self._may_start_s:
            return 0
        self._may_start_s = now + rule.up_s
        return int(min(wanted, max(there + rule.by, there * rule.times))) - there

    def spare(self, now: float, there: int) -> int:
        """How many may end: beyond the most that was wanted for as long as is waited for that."""
        if now < self._rule.down_s:
            return 0
        return max(0, there - self._wanted[0][1])

    def _remember(self, now: float, wanted: int) -> None:
        while self._wanted and self._wanted[-1][1] <= wanted:
            self._wanted.pop()
        self._wanted.append((now, wanted))
        while self._wanted[0][0] < now - self._rule.down_s:
            self._wanted.popleft()
