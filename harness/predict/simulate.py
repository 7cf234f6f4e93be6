"""One fleet played event by event: arrivals, places, starts, queues, processors, ends of idle instances, retries.

Memory grows with what is alive and in hand, not with the requests: answers' times are counted in bins, all else by the
hour. What is due before ``warm_s`` is played and not counted, so that a fleet is where its traffic puts it.
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
from harness.predict.fleet import Fleet
from harness.predict.instances import Instance, picker
from harness.predict.outcome import Hourly, Outcome, Times

HOUR_S = 3600.0
DRAWN = 8192  # values drawn at once


def simulate(fleet: Fleet, arrivals: Arrivals, length_s: float, *, seed: int, warm_s: float = 0.0) -> Outcome:
    """Play all that is due before ``length_s``; what is in hand then is answered too, and counts."""
    play = _Play(fleet, length_s, warm_s, np.random.default_rng([seed, 5]))
    for chunk in arrivals:
        play.take(chunk)
    return play.outcome()


class _Play:
    def __init__(self, fleet: Fleet, length_s: float, warm_s: float, rng: np.random.Generator) -> None:
        self._fleet, self._rng, self._to_s, self._from_s = fleet, rng, length_s, warm_s
        self._events: list[tuple[float, int, Callable[[float, Any], None], Any]] = []
        self._n = 0
        self._able = picker(fleet.picks, fleet.at_once)
        self._joinable: list[Instance] = []  # starting, with places
        self._waiting: deque[tuple[float, float, float, int]] = deque()  # gives up at, came at, due, attempt
        self._starting = 0
        self._alive: set[Instance] = set()
        self._in_hand = 0
        self._overdue: list[Instance] = []
        self._tokens, self._tokens_at = fleet.starts_at_once, 0.0
        self._served = _rows(fleet, rng)
        self._start_s = _drawn(lambda: fleet.start_s, rng)
        self._idle = [_drawn(lambda h=h: fleet.idle.at(h), rng) for h in range(24)] if _ends(fleet) else []
        hours = max(1, math.ceil((length_s - warm_s) / HOUR_S))
        self._asked, self._ok, self._cold, self._refused, self._late = ([0] * hours for _ in range(5))
        self._instance_s, self._most = [0.0] * hours, [0] * hours
        self._counted_to = warm_s
        self._attempts = self._starts = 0
        self._starting_s = self._active_s = self._handled_s = 0.0
        self._response, self._first = Times(), Times()
        self._took: list[float] = []
        self._took_first: list[float] = []
        self._load_s, self._load_at = 0.0, 0.0  # what was in hand or waiting, times how long
        self._loads: deque[tuple[float, float]] = deque([(0.0, 0.0)])
        self._coming = 0  # starts that the autoscaler wished for
        self._more_since: float | None = None
        for _ in range(fleet.least):
            self._add(0.0, 0.0)
        if fleet.scaler:
            self._at(fleet.scaler.every_s, self._tick, None)

    # -- the loop

    def take(self, instants: Array) -> None:
        """Arrivals that follow all before."""
        events = self._events
        for due in instants.tolist():
            if due >= self._to_s:
                return
            while events and events[0][0] <= due:
                at, _, what, of = heappop(events)
                what(at, of)
            if due >= self._from_s:
                self._asked[int((due - self._from_s) / HOUR_S)] += 1
            self._arrive(due, due, 1)
        if len(self._took) > DRAWN:
            self._count_times()

    def outcome(self) -> Outcome:
        """When all has come to its end."""
        while self._events and (self._in_hand or self._waiting or self._events[0][0] <= self._to_s):
            at, _, what, of = heappop(self._events)
            if what == self._tick and at > self._to_s and not self._waiting:
                continue
            what(at, of)
        self._give_up(math.inf)
        self._count_alive(self._to_s)
        for one in self._alive:
            if one.in_hand:
                self._count_active(one, self._to_s)
        self._count_times()
        rows = (self._asked, self._ok, self._cold, self._refused, self._late, self._instance_s, self._most)
        return Outcome(
            self._from_s,
            self._to_s,
            Hourly(*(np.array(row) for row in rows)),
            self._attempts,
            self._starts,
            self._starting_s,
            self._active_s,
            self._handled_s,
            self._response,
            self._first,
        )

    def _at(self, at: float, what: Callable[[float, Any], None], of: Any) -> None:
        self._n += 1
        heappush(self._events, (at, self._n, what, of))

    # -- requests

    def _arrive(self, now: float, due: float, attempt: int) -> None:
        fleet = self._fleet
        self._attempts += due >= self._from_s
        if not self._waiting:
            one = self._able.pick()
            if one is not None:
                self._begin(one, now, now, due)
                return
        if fleet.grows is Grows.ON_DEMAND and fleet.bound:
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
        while waiting and waiting[0][0] < now:
            self._refuse(*self._left())
        if fleet.grows is Grows.ON_DEMAND and not fleet.bound and len(waiting) >= self._starting * fleet.at_once:
            self._started(now)
        elif fleet.scaler and not self._alive and not self._coming:
            self._wish(now, 1)
        if len(waiting) >= fleet.queue.most + self._starting * fleet.at_once * (not fleet.bound):
            self._refuse(now, due, attempt)
            return
        self._loaded(now, 0)
        waiting.append((now + fleet.queue.most_wait_s, now, due, attempt))

    def _left(self) -> tuple[float, float, int]:
        until, _, due, attempt = self._waiting.popleft()
        self._loaded(until, 0)
        return until, due, attempt

    def _begin(self, one: Instance, now: float, came: float, due: float) -> None:
        """Give it a request that came at ``came``; what it starts with is over at ``ready_s``."""
        fleet = self._fleet
        runtime_s, model_s, first_s, holds_s = next(self._served)
        begin = max(now, one.ready_s)
        at = begin if not holds_s else one.processor_at(begin, holds_s)
        end = at + runtime_s + model_s
        if fleet.scaler:
            self._loaded(now, 1)
        self._in_hand += 1
        if not one.in_hand and one.ready_s <= now:
            one.active_s = now
        one.in_hand += 1
        if due >= self._from_s:
            hour = int((due - self._from_s) / HOUR_S)
            took = end - due
            if took > fleet.deadline_s:
                took = math.inf
                self._late[hour] += 1
            else:
                self._ok[hour] += 1
            if one.ready_s > came:
                self._cold[hour] += 1
            self._handled_s += end - begin
            self._took.append(took)
            if first_s == first_s:  # noqa: PLR0124 - not nan, of whole answers
                self._took_first.append(at + first_s - due if took < math.inf else math.inf)
        self._n += 1
        heappush(self._events, (end, self._n, self._end, one))

    def _end(self, now: float, one: Instance) -> None:
        if self._fleet.scaler:
            self._loaded(now, -1)
        self._in_hand -= 1
        one.in_hand -= 1
        if one.closed:
            if not one.in_hand:
                self._count_active(one, now)
                self._remove(one, now)
            return
        if self._waiting:
            self._fill(one, now)
        if not one.in_hand:
            self._count_active(one, now)
            self._idles(one, now)
        self._able.changed(one)

    def _fill(self, one: Instance, now: float) -> None:
        """With what waits, oldest first."""
        while self._waiting and one.in_hand < self._fleet.at_once:
            until, came, due, attempt = self._waiting.popleft()
            if until < now:
                self._refuse(until, due, attempt)
            else:
                self._begin(one, now, came, due)

    def _refuse(self, now: float, due: float, attempt: int) -> None:
        retry = self._fleet.retry
        if attempt < retry.attempts:
            wait_s = min(retry.cap_s, retry.base_s * 2.0 ** (attempt - 1)) * (1 - 0.25 * self._rng.random())
            if now + wait_s - due < self._fleet.deadline_s:
                self._at(now + wait_s, lambda at, of: self._arrive(at, *of), (due, attempt + 1))
                return
        if due >= self._from_s:
            self._refused[int((due - self._from_s) / HOUR_S)] += 1
            self._took.append(math.inf)
            self._took_first.append(math.inf)

    def _give_up(self, now: float) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            until, _, due, _ = self._waiting.popleft()
            self._refuse(until, due, self._fleet.retry.attempts)

    # -- instances

    def _started(self, now: float) -> Instance | None:
        """A new one, where the limits allow it."""
        fleet = self._fleet
        if len(self._alive) >= fleet.most or not self._token(now):
            return None
        took = next(self._start_s)
        one = self._add(now, now + took)
        if now >= self._from_s:
            self._starts += 1
            self._starting_s += took
        self._starting += 1
        if fleet.bound and fleet.at_once > 1:
            self._joinable.append(one)
        self._at(one.ready_s, self._ready, one)
        return one

    def _token(self, now: float) -> bool:
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
        self._count_alive(now)
        one = Instance(now, ready, self._fleet.vcpus)
        self._alive.add(one)
        hour = int((now - self._from_s) / HOUR_S) if now >= self._from_s else 0
        if hour < len(self._most):
            self._most[hour] = max(self._most[hour], len(self._alive))
        if ready <= now:
            self._able.changed(one)
        elif self._overdue:
            self._end_overdue(now)
        return one

    def _ready(self, now: float, one: Instance) -> None:
        self._starting -= 1
        if one in self._joinable:
            self._joinable.remove(one)
        self._fill(one, now)
        if not one.in_hand:
            self._count_active(one, now)
            self._idles(one, now)
        if one.in_hand < self._fleet.at_once:
            self._able.changed(one)

    def _idles(self, one: Instance, now: float) -> None:
        if not self._idle:
            return
        one.ends_s = now + next(self._idle[int(now / HOUR_S) % 24])
        if one.ends_s < one.check_s:
            one.check_s = one.ends_s
            self._at(one.check_s, self._look, one)

    def _look(self, now: float, one: Instance) -> None:
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
        """One that was kept only because there were so few."""
        while self._overdue:
            one = self._overdue.pop()
            if not one.closed and not one.in_hand and one.ends_s <= now:
                self._remove(one, now)
                return

    def _remove(self, one: Instance, now: float) -> None:
        self._count_alive(now)
        one.closed = True
        self._alive.discard(one)

    # -- the autoscaler

    def _loaded(self, now: float, by: int) -> None:
        """Before what is in hand changes ``by``."""
        del by
        self._load_s += (self._in_hand + len(self._waiting)) * (now - self._load_at)
        self._load_at = now

    def _tick(self, now: float, of: None) -> None:
        del of
        scaler, fleet = self._fleet.scaler, self._fleet
        assert scaler is not None
        self._loaded(now, 0)
        self._loads.append((now, self._load_s))
        while len(self._loads) > 2 and self._loads[1][0] <= now - scaler.window_s:
            self._loads.popleft()
        since, before = self._loads[0]
        load = (self._load_s - before) / (now - since)
        wanted = math.ceil(load / (scaler.share * fleet.at_once) - 1e-9)
        if scaler.at_need:
            wanted = max(wanted, math.ceil((self._in_hand + len(self._waiting)) / fleet.at_once))
        wanted = int(min(fleet.most, max(fleet.least, wanted)))
        if wanted > len(self._alive) + self._coming:
            self._wish(now, wanted - len(self._alive) - self._coming)
        if wanted >= len(self._alive):
            self._more_since = None
        elif self._more_since is None:
            self._more_since = now
        elif now - self._more_since >= scaler.down_s:
            self._close(len(self._alive) - wanted, now)
            self._more_since = None
        self._at(now + scaler.every_s, self._tick, None)

    def _wish(self, now: float, count: int) -> None:
        assert self._fleet.scaler is not None
        self._coming += count
        for _ in range(count):
            self._at(now + self._fleet.scaler.lag_s, self._wished, None)

    def _wished(self, now: float, of: None) -> None:
        del of
        self._coming -= 1
        self._started(now)

    def _close(self, count: int, now: float) -> None:
        for one in sorted(self._alive, key=lambda one: (one.in_hand, -one.born_s))[:count]:
            one.closed = True
            if not one.in_hand:
                self._remove(one, now)

    # -- what is counted

    def _count_alive(self, now: float) -> None:
        """Instances' time until now, hour by hour."""
        to = min(now, self._to_s)
        while self._counted_to < to:
            hour = int((self._counted_to - self._from_s) / HOUR_S + 1e-12)
            until = min(to, self._from_s + (hour + 1) * HOUR_S)
            self._instance_s[hour] += len(self._alive) * (until - self._counted_to)
            self._most[hour] = max(self._most[hour], len(self._alive))
            self._counted_to = until

    def _count_active(self, one: Instance, now: float) -> None:
        self._active_s += max(0.0, min(now, self._to_s) - max(one.active_s, self._from_s))

    def _count_times(self) -> None:
        self._response.add(self._took)
        self._first.add(self._took_first)
        self._took.clear()
        self._took_first.clear()


def _rows(fleet: Fleet, rng: np.random.Generator) -> Iterator[tuple[float, float, float, float]]:
    """Answers: the runtime's and the model's seconds, those to the first token, those that a processor is held."""
    own = fleet.service
    mean = float(own.runtime_s.mean())
    queues = fleet.per_instance_per_s is not None and fleet.at_once > 1 and mean > 0
    holds = own.runtime_s * (fleet.vcpus / fleet.per_instance_per_s / mean) if queues else np.zeros(len(own.runtime_s))
    columns = np.column_stack([own.runtime_s, own.model_s, own.runtime_first_s + own.model_first_s, holds])
    while True:
        yield from map(tuple, columns[rng.integers(len(columns), size=DRAWN)].tolist())


def _drawn(of: Callable[[], Array], rng: np.random.Generator) -> Iterator[float]:
    values = of()
    while True:
        yield from values[rng.integers(len(values), size=512)].tolist()


def _ends(fleet: Fleet) -> bool:
    return fleet.grows is Grows.ON_DEMAND and len(fleet.idle.values_s) > 0
