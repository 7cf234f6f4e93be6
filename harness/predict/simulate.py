"""One fleet played event by event: arrivals, places, starts, queues, processors, ends of idle instances, retries.

Memory grows with what is alive and in hand, not with the requests. What is due before ``warm_s`` is played and not
counted, so that a fleet is where its traffic puts it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

import numpy as np

from harness.analysis.columns import Array
from harness.platforms.scaling import Grows
from harness.predict.arrivals import Arrivals
from harness.predict.autoscaler import Watch
from harness.predict.fleet import Fleet
from harness.predict.instances import Instance, picker
from harness.predict.outcome import Outcome
from harness.predict.tally import HOUR_S, Tally

DRAWN = 8192  # rows drawn at once
HOURS = 24


def simulate(fleet: Fleet, arrivals: Arrivals, length_s: float, *, seed: int, warm_s: float = 0.0) -> Outcome:
    """Play all that is due before ``length_s``; what is in hand then is answered too, and counts."""
    play = _Play(fleet, length_s, warm_s, np.random.default_rng([seed, 5]))
    for chunk in arrivals:
        play.take(chunk)
    return play.outcome()


class _Play:
    def __init__(self, fleet: Fleet, to_s: float, from_s: float, rng: np.random.Generator) -> None:
        self._fleet, self._rng, self._to_s = fleet, rng, to_s
        self._tally = Tally(from_s, to_s)
        self._events: list[tuple[float, int, Callable[[float, Any], None], Any]] = []
        self._n = 0
        self._able = picker(fleet.picks, fleet.at_once)
        self._joinable: list[Instance] = []  # starting, with places
        self._starting = 0
        self._alive: set[Instance] = set()
        self._overdue: list[Instance] = []  # kept only because there are so few
        self._waiting: deque[tuple[float, float, float, int]] = deque()  # gives up at, came at, due, attempt
        self._in_hand = 0
        self._tokens, self._tokens_at = fleet.starts_at_once, 0.0
        self._served = _rows(fleet, rng)
        self._start_s = _drawn(fleet.start_s, rng)
        self._idle_s = [_drawn(fleet.idle.at(hour), rng) for hour in range(HOURS)] if _ends(fleet) else []
        self._watch = Watch(fleet, fleet.scaler) if fleet.scaler else None
        self._coming = 0  # starts that the autoscaler wished for
        for _ in range(fleet.least):
            self._add(0.0, 0.0)
        if fleet.scaler:
            self._at(fleet.scaler.every_s, self._tick)

    def take(self, instants: Array) -> None:
        """Arrivals that follow all before."""
        events, asked = self._events, self._tally.asked
        for due in instants.tolist():
            if due >= self._to_s:
                return
            while events and events[0][0] <= due:
                at, _, what, of = heappop(events)
                what(at, of)
            asked(due)
            self._arrive(due, due, 1)

    def outcome(self) -> Outcome:
        """When all has come to its end."""
        while self._events and (self._in_hand or self._waiting or self._events[0][0] <= self._to_s):
            at, _, what, of = heappop(self._events)
            what(at, of)
            if self._waiting and not (self._in_hand or self._starting or self._coming):
                self._give_up(at)
        self._give_up(math.inf)
        self._tally.alive(self._to_s, len(self._alive))
        return self._tally.outcome()

    def _at(self, at: float, what: Callable[[float, Any], None], of: object = None) -> None:
        self._n += 1
        heappush(self._events, (at, self._n, what, of))

    # Requests

    def _arrive(self, now: float, due: float, attempt: int) -> None:
        fleet = self._fleet
        self._tally.attempts += due >= self._tally.from_s
        if not self._waiting:
            one = self._able.pick()
            if one is not None:
                self._begin(one, now, now, due)
                return
        if fleet.bound and fleet.grows is Grows.ON_DEMAND:
            one = self._joined() or self._started(now)
            if one is not None:
                self._begin(one, now, now, due)
                return
        self._wait(now, due, attempt)

    def _joined(self) -> Instance | None:
        """A starting instance with a place."""
        while self._joinable:
            if self._joinable[-1].in_hand < self._fleet.at_once:
                return self._joinable[-1]
            self._joinable.pop()
        return None

    def _wait(self, now: float, due: float, attempt: int) -> None:
        fleet, waiting = self._fleet, self._waiting
        self._give_up(now)
        if fleet.grows is Grows.ON_DEMAND and not fleet.bound and len(waiting) >= self._starting * fleet.at_once:
            self._started(now)
        elif fleet.scaler and not self._alive and not self._coming:
            self._wish(now, 1)
        if len(waiting) >= fleet.queue.most + self._starting * fleet.at_once * (not fleet.bound):
            self._refuse(now, due, attempt)
            return
        waiting.append((now + fleet.queue.most_wait_s, now, due, attempt))
        self._loaded(now)

    def _begin(self, one: Instance, now: float, came: float, due: float) -> None:
        """Give it a request that came at ``came``; it begins when the start is over and a processor is free."""
        runtime_s, model_s, first_s, holds_s = next(self._served)
        begin = max(now, one.ready_s)
        at = one.processor_at(begin, holds_s) if holds_s else begin
        end = at + runtime_s + model_s
        took, first = end - due, at + first_s - due
        if took > self._fleet.deadline_s:
            took = math.inf
        self._tally.answered(due, took, first, end - begin, cold=one.ready_s > came)
        if not one.in_hand and one.ready_s <= now:
            one.active_s = now
        one.in_hand += 1
        self._in_hand += 1
        if self._watch:
            self._loaded(now)
        self._n += 1
        heappush(self._events, (end, self._n, self._end, one))

    def _end(self, now: float, one: Instance) -> None:
        self._in_hand -= 1
        one.in_hand -= 1
        if self._watch:
            self._loaded(now)
        if one.closed:
            if not one.in_hand:
                self._tally.active(one.active_s, now)
                self._remove(one, now)
            return
        if self._waiting:
            self._fill(one, now)
        if not one.in_hand:
            self._idles(one, now)
        self._able.changed(one)

    def _fill(self, one: Instance, now: float) -> None:
        """With what waits, oldest first."""
        self._give_up(now)
        while self._waiting and one.in_hand < self._fleet.at_once:
            _, came, due, _ = self._waiting.popleft()
            self._begin(one, now, came, due)

    def _refuse(self, now: float, due: float, attempt: int) -> None:
        retry = self._fleet.retry
        if attempt < retry.attempts:
            wait_s = min(retry.cap_s, retry.base_s * 2.0 ** (attempt - 1)) * (1 - 0.25 * self._rng.random())
            if now + wait_s - due < self._fleet.deadline_s:
                self._at(now + wait_s, lambda at, of: self._arrive(at, *of), (due, attempt + 1))
                return
        self._tally.refused(due)

    def _give_up(self, now: float) -> None:
        """All that waited as long as it may."""
        while self._waiting and self._waiting[0][0] <= now:
            until, _, due, attempt = self._waiting.popleft()
            self._loaded(now)
            self._refuse(until if until < math.inf else self._to_s, due, attempt)

    # Instances

    def _started(self, now: float) -> Instance | None:
        """A new one, where the limits allow it."""
        fleet = self._fleet
        if len(self._alive) >= fleet.most or not self._token(now):
            return None
        took_s = next(self._start_s)
        one = self._add(now, now + took_s)
        self._tally.started(now, took_s)
        self._starting += 1
        if fleet.bound and fleet.at_once > 1:
            self._joinable.append(one)
        self._at(one.ready_s, self._ready, one)
        return one

    def _token(self, now: float) -> bool:
        """Whether one more may start now: a bucket that fills."""
        fleet = self._fleet
        if math.isinf(fleet.starts_at_once):
            return True
        self._tokens = min(fleet.starts_at_once, self._tokens + (now - self._tokens_at) * fleet.starts_per_s)
        self._tokens_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _add(self, now: float, ready: float) -> Instance:
        self._tally.alive(now, len(self._alive))
        one = Instance(now, ready, self._fleet.vcpus)
        self._alive.add(one)
        if ready <= now:
            self._able.changed(one)
        self._end_overdue(now)
        return one

    def _ready(self, now: float, one: Instance) -> None:
        self._starting -= 1
        if one in self._joinable:
            self._joinable.remove(one)
        self._fill(one, now)
        if not one.in_hand:
            self._idles(one, now)
        if one.in_hand < self._fleet.at_once:
            self._able.changed(one)

    def _idles(self, one: Instance, now: float) -> None:
        self._tally.active(one.active_s, now)
        if self._idle_s:
            one.ends_s = now + next(self._idle_s[int(now / HOUR_S) % HOURS])
            if one.ends_s < one.check_s:
                one.check_s = one.ends_s
                self._at(one.check_s, self._look, one)

    def _look(self, now: float, one: Instance) -> None:
        """Whether it has been idle for as long as it is kept."""
        if now != one.check_s or one.closed:
            return
        one.check_s = math.inf
        if one.in_hand:
            return
        if one.ends_s > now:
            one.check_s = one.ends_s
            self._at(one.check_s, self._look, one)
        elif len(self._alive) > self._fleet.least:
            self._remove(one, now)
        else:
            self._overdue.append(one)

    def _end_overdue(self, now: float) -> None:
        while self._overdue and len(self._alive) > self._fleet.least:
            one = self._overdue.pop()
            if not one.closed and not one.in_hand and one.ends_s <= now:
                self._remove(one, now)

    def _remove(self, one: Instance, now: float) -> None:
        self._tally.alive(now, len(self._alive))
        one.closed = True
        self._alive.discard(one)

    # The autoscaler

    def _loaded(self, now: float) -> None:
        if self._watch:
            self._watch.changed(now, self._in_hand + len(self._waiting))

    def _tick(self, now: float, of: object) -> None:
        assert self._watch is not None
        assert self._fleet.scaler is not None
        self._give_up(now)
        wanted = self._watch.wanted(now)
        if (more := wanted - len(self._alive) - self._coming) > 0:
            self._wish(now, more)
        if spare := self._watch.spare(now, wanted, len(self._alive)):
            self._close(spare, now)
        if now < self._to_s or self._waiting:
            self._at(now + self._fleet.scaler.every_s, self._tick, of)

    def _wish(self, now: float, count: int) -> None:
        assert self._fleet.scaler is not None
        self._coming += count
        for _ in range(count):
            self._at(now + self._fleet.scaler.lag_s, self._wished)

    def _wished(self, now: float, of: object) -> None:
        del of
        self._coming -= 1
        self._started(now)

    def _close(self, count: int, now: float) -> None:
        """Those with the least in hand take no more, and end with their last answer."""
        for one in sorted(self._alive, key=lambda one: (one.in_hand, -one.born_s))[:count]:
            one.closed = True
            if not one.in_hand:
                self._remove(one, now)


def _rows(fleet: Fleet, rng: np.random.Generator) -> Iterator[tuple[float, float, float, float]]:
    """Answers: the runtime's and the model's seconds, those to the first token, those that a processor is held."""
    own, rate = fleet.service, fleet.per_instance_per_s
    mean = float(own.runtime_s.mean())
    holds = np.zeros(len(own.runtime_s))
    if rate is not None and fleet.at_once > 1 and mean > 0:
        holds = own.runtime_s * (fleet.vcpus / rate / mean)
    columns = np.column_stack([own.runtime_s, own.model_s, own.runtime_first_s + own.model_first_s, holds])
    while True:
        yield from map(tuple, columns[rng.integers(len(columns), size=DRAWN)].tolist())


def _drawn(values: Array, rng: np.random.Generator) -> Iterator[float]:
    while True:
        yield from values[rng.integers(len(values), size=512)].tolist()


def _ends(fleet: Fleet) -> bool:
    return fleet.grows is Grows.ON_DEMAND and len(fleet.idle.values_s) > 0
