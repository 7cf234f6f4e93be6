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
        self._left: list[tuple[float, int, Instance, float]] = []  # done at that of its own time, and how long it waits then
        self._n = 0

    def begin(self, now: float, one: Instance, alone_s: float) -> None:
        """It would take so long if the machine were its own; what is not processor time does not stretch."""
        self._move(now)
        cpu_s = min(alone_s, self._host.start_cpu_s)
        self._n += 1
        heappush(self._left, (self._had_s + cpu_s, self._n, one, alone_s - cpu_s))
        self._share()

    def answering(self, now: float, count: int) -> None:
        """So many answers are in progress from now on."""
        self._move(now)
        self._answers = count
        self._share()

    def next_s(self) -> float:
        """When the next one has had its processor time, if nothing changes."""
        if not self._left:
            return math.inf
        return self._at + max(0.0, self._left[0][0] - self._had_s) / self._rate

    def pop(self, now: float) -> tuple[Instance, float]:
        """The next one, and how long until it is ready."""
        self._move(now)
        done_s, _, one, waits_s = heappop(self._left)
        self._had_s = max(self._had_s, done_s)  # no rounding may leave it a little short
        self._share()
        return one, waits_s

    @property
    def instances(self) -> list[Instance]:
        return [one for _, _, one, _ in self._left]

    def _move(self, now: float) -> None:
        self._had_s += self._rate * (now - self._at)
        self._at = now

    def _share(self) -> None:
        """Answers come first, for each wants little; but starts get as much as any other runnable thing."""
        host, starts = self._host, len(self._left)
        if starts:
            free = host.vcpus - self._answers * host.answer_vcpus
            self._rate = min(1.0, max(free / starts, host.vcpus / (starts + self._answers)))
