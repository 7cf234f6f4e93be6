"""Runs an experiment against a model of a target in simulated time: no clock, no socket, the same every time."""

from __future__ import annotations

import heapq
import itertools
import math
from random import Random

from harness.domain.experiments.protocol import Ask, Conditions, Done, MakeCold, Promise, Seen

PROMISE = Promise(p95_s=1.0, ttft_p95_s=None, error_rate=0.01)
TICK_S = 0.5


def given(seed=1, promise=PROMISE, most_rate=1000.0, lanes=0, can_cold=True):
    return Conditions(seed, promise, most_rate, lanes, can_cold)


class Driven:
    """What came of it."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.colds = 0
        self.ended = ""
        self.now_s = 0.0


def drive(experiment, target, most_s=1e6, tick_s=TICK_S) -> Driven:
    """``target.answer(due)`` gives a Seen; ``target.make_cold(now)`` is told."""
    out, pending, count = Driven(), [], itertools.count()
    while out.now_s < most_s:
        while pending and pending[0][0] <= out.now_s:
            seen = heapq.heappop(pending)[2]
            out.seen.append(seen)
            experiment.see(seen)
        match experiment.next(out.now_s):
            case Done(why):
                out.ended = why
                return out
            case MakeCold():
                out.colds += 1
                target.make_cold(out.now_s)
            case Ask(due):
                for one in due:
                    seen = target.answer(one)
                    heapq.heappush(pending, (seen.finished_s, next(count), seen))
        out.now_s = max(out.now_s + tick_s, pending[0][0] if pending and not due_soon(experiment) else 0.0)
    return out


def due_soon(experiment) -> bool:
    """A search hands its arrivals out in time; the others may jump to the next answer."""
    return bool(getattr(experiment, "_todo", None)) and hasattr(experiment, "steps")


def seen(due, finished_s, ok=True, cold=False) -> Seen:
    first = due.scheduled_s + (finished_s - due.scheduled_s) / 2 if ok else None
    return Seen(due.phase, due.lane, True, due.scheduled_s, due.scheduled_s, first, finished_s, ok, cold)


class Queue:
    """``servers`` in parallel, each ``service_s`` an answer; refuses when ``most`` are in hand."""

    def __init__(self, service_s, servers=1, most=math.inf) -> None:
        self.service_s, self.most = service_s, most
        self._free = [0.0] * servers
        self._ends: list[float] = []

    def answer(self, due):
        self._ends = [end for end in self._ends if end > due.scheduled_s]
        if len(self._ends) >= self.most:
            return seen(due, due.scheduled_s + 0.001, ok=False, cold=None)
        k = min(range(len(self._free)), key=self._free.__getitem__)
        end = max(self._free[k], due.scheduled_s) + self.service_s
        self._free[k] = end
        self._ends.append(end)
        return seen(due, end)


class Windowed:
    """One instance a lane that is kept for a drawn time; ``draw(rng)`` seconds."""

    def __init__(self, draw, seed=1) -> None:
        self._draw, self._rng = draw, Random(seed)
        self._last: dict[int, float] = {}
        self._window: dict[int, float] = {}

    def make_cold(self, now_s) -> None:
        self._last.clear()

    def answer(self, due):
        last = self._last.get(due.lane)
        cold = last is None or due.scheduled_s - last > self._window[due.lane]
        end = due.scheduled_s + (0.5 if cold else 0.1)
        self._last[due.lane], self._window[due.lane] = end, self._draw(self._rng)
        return seen(due, end, cold=cold)
