"""Servers whose capacity is known, in simulated time: no clock, no socket, and nothing of the product's own.

Every server shares its speed evenly: ``speed(n)`` seconds of work a second for the
``n`` requests that are in hand, each getting no more than one. Work is log-normal.
"""

from __future__ import annotations

import heapq
import itertools
import math
from random import Random


class Sharing:
    """``width`` requests side by side at full speed; more share it. Infinite: no limit."""

    def __init__(self, answer_s, width=math.inf, sd=0.5, deadline_s=math.inf, fails=0.0, seed=1) -> None:
        self.width, self.deadline_s, self.fails = width, deadline_s, fails
        self._mu, self._sd = math.log(answer_s) - sd * sd / 2, sd
        self._rng = Random(f"server:{seed}")
        self._at_s = self._done = 0.0  # time, and the work that each request in hand has had since the start
        self._heap: list[tuple[float, int, float]] = []
        self._count = itertools.count()
        self._gone: set[int] = set()
        self._limits: list[tuple[float, int, float]] = []
        self.in_hand = 0

    def speed(self, n):
        return min(n, self.width)

    def noticed(self) -> None:
        """Called at every instant at which something happens, before it does."""

    def arrive(self, at_s):
        """A request; returns its number."""
        number = next(self._count)
        work = self._rng.lognormvariate(self._mu, self._sd)
        heapq.heappush(self._heap, (self._done + work, number, at_s))
        heapq.heappush(self._limits, (at_s + self.deadline_s, number, at_s))
        self.in_hand += 1
        return number

    def until(self, end_s):
        """Everything that ends up to ``end_s``: (number, finished, ok)."""
        out = []
        while True:
            while self._heap and self._heap[0][1] in self._gone:
                heapq.heappop(self._heap)
            while self._limits and self._limits[0][1] in self._gone:
                self._gone.discard(heapq.heappop(self._limits)[1])
            self.noticed()
            each = self.speed(self.in_hand) / self.in_hand if self.in_hand else 0.0
            finish_s = self._at_s + max(0.0, self._heap[0][0] - self._done) / each if self._heap and each else math.inf
            limit_s = self._limits[0][0] if self._limits else math.inf
            next_s = min(finish_s, limit_s, self.changes_s())
            if next_s > end_s:
                self._done += each * (end_s - self._at_s)
                self._at_s = end_s
                return out
            self._done += each * (next_s - self._at_s)
            self._at_s = next_s
            if next_s == finish_s:
                _, number, _ = heapq.heappop(self._heap)
                self._gone.add(number)  # of the deadlines
                self.in_hand -= 1
                out.append((number, next_s, self._rng.random() >= self.fails))
            elif next_s == limit_s:
                _, number, _ = heapq.heappop(self._limits)
                self._gone.add(number)
                self.in_hand -= 1
                out.append((number, next_s, False))

    def changes_s(self):
        """When the speed changes by itself."""
        return math.inf


class Collapsing(Sharing):
    """Past ``knee`` requests in hand the whole becomes slower with every further one."""

    def __init__(self, answer_s, width, knee, **more) -> None:
        super().__init__(answer_s, width, **more)
        self.knee = knee

    def speed(self, n):
        return min(n, self.width) * min(1.0, self.knee / n if n else 1.0)


class Autoscaling(Sharing):
    """Instances of ``one`` requests each; one more is asked for while over ``target`` of them are busy, and comes
    ``lag_s`` later; up to ``most`` instances, and one goes after ``idle_s`` of too many.
    """

    EVERY_S = 1.0

    def __init__(self, answer_s, one, most, lag_s, target=0.7, idle_s=120.0, **more) -> None:
        super().__init__(answer_s, one, **more)
        self.one, self.most, self.lag_s, self.target, self.idle_s = one, most, lag_s, target, idle_s
        self._instances, self._coming, self._look_s, self._calm_s = 1, [], 0.0, 0.0

    def changes_s(self):
        return self._look_s if self.in_hand or self._coming else math.inf

    def noticed(self) -> None:
        while self._coming and self._coming[0] <= self._at_s:
            self._coming.pop(0)
            self._instances += 1
        if self._at_s >= self._look_s:
            self._look_s = self._at_s + self.EVERY_S
            wanted = min(self.most, max(1, math.ceil(self.in_hand / (self.one * self.target))))
            if wanted >= self._instances:
                self._calm_s = self._at_s
            elif self._at_s - self._calm_s > self.idle_s:
                self._instances, self._calm_s = self._instances - 1, self._at_s
            self._coming += [self._at_s + self.lag_s] * (wanted - self._instances - len(self._coming))
        self.width = self.one * self._instances


def beyond(make, rate, limit_s, seconds, seed=1):
    """Share of Poisson arrivals at ``rate`` whose answers take longer than ``limit_s``, over a long run; half is left out."""
    server, rng = make(seed), Random(f"beyond:{seed}")
    at_s, arrived, late, n = 0.0, {}, 0, 0
    while at_s < seconds:
        at_s += rng.expovariate(rate)
        for number, finished_s, ok in server.until(at_s):
            began_s = arrived.pop(number)
            if began_s > seconds / 2:
                n += 1
                late += not ok or finished_s - began_s > limit_s
        arrived[server.arrive(at_s)] = at_s
    stuck = sum(began_s > seconds / 2 and at_s - began_s > limit_s for began_s in arrived.values())
    return (late + stuck) / max(1, n + stuck)


def truth(make, limit_s, low, high, seconds=1200.0, allowed=0.05, steps=8):
    """The highest rate at which a long run keeps the promise, by halving on the logarithm: mean of eight runs each."""
    for _ in range(steps):
        middle = math.sqrt(low * high)
        share = sum(beyond(make, middle, limit_s, seconds, seed) for seed in range(8)) / 8
        low, high = (middle, high) if share <= allowed else (low, middle)
    return math.sqrt(low * high)
