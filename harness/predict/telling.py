"""The cheapest run that would tell what a prediction refuses to say, with its forecast cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.domain.experiments import CapacitySearch
from harness.domain.reasons.untold import Telling
from harness.domain.role import Role
from harness.domain.target import Target
from harness.platforms.forecast import run_cost_usd

LEAST_S = 60.0
ANSWER_TIMES = 20.0
PAIRS = 6  # cold probes, each with its control
PROBES = 24  # the fewest that a window's curve is told from
BEYOND = 2.0  # times the gap that was tried


@dataclass(frozen=True)
class Costing:
    """What a run of one target is forecast by: how long answers take, their tokens in and out."""

    target: Target
    answer_s: float
    tokens: tuple[int, int]

    def _run(self, role: Role, per_s: float | None, requests: float, seconds: float) -> Telling:
        n = max(1, math.ceil(requests))
        usd = run_cost_usd(self.target, n, seconds, self.answer_s, self.tokens)
        return Telling(role, per_s, n, seconds, float(usd) if self.target.prices else None)

    def capacity(self, from_per_s: float) -> Telling:
        """A search that begins where the last one, or the highest rate, ended."""
        search = CapacitySearch(rate=from_per_s, step_s=max(10.0, 10 * self.answer_s))
        return self._run(Role.CAPACITY, from_per_s, search.most_requests, search.total_s)

    def at_once(self, instances: float, places: float) -> Telling:
        """As many requests at one instant as would hold that many instances."""
        requests = math.ceil(instances) * (places if math.isfinite(places) else 1)
        return self._run(Role.FROM_ZERO, None, requests, LEAST_S)

    def traffic(self, per_s: float) -> Telling:
        """Steady traffic for as long as its percentiles need."""
        seconds = max(LEAST_S, ANSWER_TIMES * self.answer_s)
        return self._run(Role.EVERYDAY, per_s, per_s * seconds, seconds)

    def cold(self) -> Telling:
        """Probes of a target made cold, each with its control."""
        return self._run(Role.COLD, None, 2 * PAIRS, PAIRS * (2 * self.answer_s + LEAST_S))

    def window(self, tried_to_s: float) -> Telling:
        """Idle gaps up to twice those that were tried, on the target itself or on its copies side by side."""
        gap_s = BEYOND * tried_to_s
        lanes = max(1, len(self.target.lanes))
        return self._run(Role.KEEP_ALIVE, None, PROBES + lanes, math.ceil(PROBES / lanes) * gap_s)
