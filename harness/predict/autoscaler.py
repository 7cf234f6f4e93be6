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
        self._more_since: float | None = None

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
        return int(min(fleet.most, max(fleet.least, wanted)))

    def spare(self, now: float, wanted: int, alive: int) -> int:
        """How many may end: what was more than wanted for long enough."""
        if wanted >= alive:
            self._more_since = None
        elif self._more_since is None:
            self._more_since = now
        elif now - self._more_since >= self._rule.down_s:
            self._more_since = None
            return alive - wanted
        return 0
