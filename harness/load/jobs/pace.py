"""How often jobs may be asked about, and whether that limit is what kept a question waiting.

Each question has a turn: the instant at which this generator's own rate would let it be asked, had every answer come at once.
Turns follow from the instants at which questions are due and from the rate alone, so a target whose answers are slow, and
which holds every connection by them, moves none. What its turn comes too late for waited for this generator.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

LEAST_PER_S = 50.0
LONGEST_POLL_S = 10.0
MOST_AT_ONCE = 256  # questions on their way
LEAST_AT_ONCE = 8
ANSWERED_WITHIN_S = 1.0  # so slow may answers be before it is they, not the rate, that pace the questions
BEHIND_S = 0.1  # of its own turns, what a loop that was busy may catch up


def wanted_per_s(jobs: int, drain_s: float, most_per_s: float) -> float:
    """Enough to ask about every planned job at once within 10 s, or half the drain; at most what the workspace allows a target."""
    within_s = max(1.0, min(LONGEST_POLL_S, drain_s / 2))
    return min(most_per_s, max(LEAST_PER_S, jobs / within_s))


class Pace:
    """Turns of one process's questions; ``window_s``: a turn that comes later after its due instant is late."""

    def __init__(self, per_s: float, window_s: float) -> None:
        self.per_s = per_s
        self._gap_s = 1 / per_s
        self._window_s = window_s
        self._turn = -math.inf  # the next one's, had every answer come at once
        self._allowed = -math.inf  # when the next may really be asked
        self.late = 0

    @property
    def at_once(self) -> int:
        """Questions on their way at most: as many as the rate makes of answers that take a second."""
        return math.ceil(min(MOST_AT_ONCE, max(LEAST_AT_ONCE, self.per_s * ANSWERED_WITHIN_S)))

    def wait_s(self, due: float, now: float) -> float:
        """Until a question that is due then may be asked."""
        return max(due, self._allowed) - now

    def asked(self, due: float, now: float) -> None:
        """One is asked now; in the order in which they are due."""
        self._allowed = max(self._allowed, now - BEHIND_S) + self._gap_s
        self.late += self._take(due) - due > self._window_s

    def unasked(self, due: Iterable[float], deadline: float, spare_s: float) -> int:
        """Of what is due and was not asked by the deadline: how many had no turn, though due ``spare_s`` before it."""
        return sum(self._take(at) > deadline and at + spare_s < deadline for at in sorted(due))

    def _take(self, due: float) -> float:
        turn = max(due, self._turn)
        self._turn = turn + self._gap_s
        return turn
