"""One machine under all instances of a fleet: starts share its processors with each other, and with answers."""

from __future__ import annotations

import math
from heapq import heappop, heappush

from harness.predict.fleet import Host
from harness.predict.instances import Instance


class Starting:
    """Starts in progress. Each gets at most one processor, and all the same share of what answers leave them.

    Processor sharing in its own time: how much each start has had since the beginning, so that the next one to be done
    is known without looking at the others.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._had_s = 0.0  # processor seconds, of a start that has been there all the time
        self._at = 0.0
        self._answers = 0
        self._rate = 1.0
        self._left: list[tuple[float, int, Instance]] = []  # when they are done, in that time
        self._n = 0

    def begin(self, now: float, one: Instance, alone_s: float, answers: int) -> None:
        """It would take so long by itself; so many answers are in progress."""
        self._move(now)
        self._answers = answers
        self._n += 1
        heappush(self._left, (self._had_s + alone_s, self._n, one))
        self._share()

    def answering(self, now: float, count: int) -> None:
        """So many are in progress from now on; need not be said while nothing starts."""
        self._move(now)
        self._answers = count
        self._share()

    def next_s(self) -> float:
        """When the next one is done, if nothing changes."""
        if not self._left:
            return math.inf
        return self._at + max(0.0, self._left[0][0] - self._had_s) / self._rate

    def pop(self, now: float) -> Instance:
        """The next one, which is done now."""
        self._move(now)
        done_s, _, one = heappop(self._left)
        self._had_s = max(self._had_s, done_s)  # no rounding may leave it a little short
        self._share()
        return one

    def slower(self) -> float:
        """How many times as long the processor time of an answer takes that begins now, one more beside all starts."""
        host = self._host
        return max(1.0, (len(self._left) + 1 + host.other_vcpus) / host.vcpus)

    @property
    def instances(self) -> list[Instance]:
        return [one for _, _, one in self._left]

    def _move(self, now: float) -> None:
        self._had_s += self._rate * (now - self._at)
        self._at = now

    def _share(self) -> None:
        """Max-min fairness: whatever wants less than its fair share gets what it wants, and the rest is shared alike.

        An answer wants little, and what else runs as much as it was seen to take.
        """
        if self._left:
            host, starts, other = self._host, len(self._left), self._host.other_vcpus
            left = host.vcpus - self._answers * host.answer_vcpus
            fair = max(left / (starts + other), host.vcpus / (starts + self._answers + other))
            self._rate = min(1.0, max((left - other) / starts, fair))
