"""One fleet played event by event: arrivals, places, starts, queues, processors, ends of idle instances, retries.

Memory grows with what is alive and in hand, not with the requests. What is due before ``warm_s`` is played and not
counted, so that a fleet is where its traffic puts it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import chain, count
from typing import Any

import numpy as np

from harness.analysis.columns import Array
from harness.platforms.scaling import Grows
from harness.predict.arrivals import Arrivals
from harness.predict.autoscaler import Watch
from harness.predict.fleet import Fleet
from harness.predict.host import Starting
from harness.predict.instances import Instance, picker
from harness.predict.outcome import Outcome
from harness.predict.tally import HOUR_S, Tally

DRAWN = 8192  # rows drawn at once, and arrivals taken at once
LEAST_DRAWN = 128  # by a play that may be short
HOURS = 24
AT_ONCE_S = 1e-6  # a start that takes no time is still one
END = math.inf


def simulate(
    fleet: Fleet, arrivals: Arrivals, length_s: float, *, seed: int, warm_s: float = 0.0, quick_s: float = 0.0
) -> Outcome:
    """Play all that is due before ``length_s``; what is in hand then is answered too, and counts.

    Starts before ``quick_s`` take no time: a fleet that fills all at once would start many more than it needs, and keep them.
    """
    play = _Play(fleet, length_s, warm_s, np.random.default_rng([seed, 5]), quick_s)
    try:
        for chunk in arrivals:
            play.take(chunk)
        return play.outcome()
    finally:
        play.over()


class _Play:
    def __init__(
        self, fleet: Fleet, to_s: float, from_s: float, rng: np.random.Generator, quick_s: float = 0.0
    ) -> None:
        self._fleet, self._rng, self._to_s, self._quick_s = fleet, rng, to_s, quick_s
        self._tally = Tally(from_s, to_s)
        self._rows = self._tally.rows
        self._events: list[tuple[float, int, Callable[[float, Any], None], Any]] = [(END, 0, _nothing, None)]
        self._n = 0
        self._able = picker(fleet.picks, fleet.at_once)
        self._joinable: list[Instance] = []  # starting, with places
        self._starting = 0
        self._alive: dict[Instance, None] = {}  # in the order of their births
        self._closing = 0  # of those alive
        self._overdue: list[Instance] = []  # kept only because there are so few
        self._waiting: deque[tuple[float, float, float, int]] = deque()  # gives up at, came at, due, attempt
        self._in_hand = 0
        self._active = 0  # instances with something in hand or starting, counted where some are kept
        self._active_at = from_s
        self._keeps = fleet.least > 0 or bool(fleet.least_by_hour)
        self._deadline_s = fleet.deadline_s
        self._ends = self._end  # bound once: it is asked for with each request
        self._tokens, self._tokens_at = fleet.starts_at_once, 0.0
        self._timed = self._refilling = False
        self._served = _rows(fleet, rng)
        self._start_s = _drawn(fleet.start_s, rng)
        self._from_zero_s = self._start_s if fleet.from_zero_s is None else _drawn(fleet.from_zero_s, rng)
        self._idle_s = [_drawn(fleet.idle.at(hour), rng) for hour in range(HOURS)] if _ends(fleet) else []
        self._watch = Watch(fleet, fleet.scaler) if fleet.scaler else None
        self._coming = 0  # starts that the autoscaler wished for
        self._shared = Starting(fleet.host) if fleet.host and fleet.grows is not Grows.FIXED else None
        self._answering = 0  # in hand, and not waiting for a start: counted where processors are shared
        self._looks_at = END  # when the shared processors may next have finished a start
        for _ in range(fleet.least_at(0.0)):
            self._add(0.0, 0.0)
        if fleet.scaler:
            self._at(fleet.scaler.every_s, self._tick)
        if fleet.least_by_hour:
            self._at(HOUR_S, self._keep)

    def take(self, instants: Array) -> None:
        """Arrivals that follow all before."""
        for k in range(0, len(instants), DRAWN):
            piece = instants[k : k + DRAWN]
            piece = piece[piece < self._to_s]
            self._tally.asked(piece)
            self._arrivals(piece.tolist())

    def _arrivals(self, dues: Sequence[float]) -> None:
        events, waiting, pick, begin = self._events, self._waiting, self._able.pick, self._begin
        for due in dues:
            while events[0][0] <= due:
                at, _, what, of = heappop(events)
                what(at, of)
            if not waiting and (one := pick()) is not None:
                begin(one, due, due, due)
            else:
                self._place(due, due, 1)

    def outcome(self) -> Outcome:
        """When all has come to its end."""
        events = self._events
        while (at := events[0][0]) < END and (self._in_hand or self._waiting or at <= self._to_s):
            _, _, what, of = heappop(events)
            what(at, of)
        for _, _, due, _ in self._waiting:  # nothing will ever take them
            self._tally.refused(due)
        self._tally.alive(self._to_s, len(self._alive))
        self._kept(self._to_s, 0)
        for one in self._alive:
            if one.active_s < self._to_s:
                self._tally.active(one.active_s, self._to_s)
        for one in self._shared.instances if self._shared else ():
            self._tally.started(one.born_s, END)
        return self._tally.outcome()

    def over(self) -> None:
        """Let go of what it draws from: a play refers to itself, and would hold it until Python looks for garbage."""
        del self._events, self._ends, self._served

    def _at(self, at: float, what: Callable[[float, Any], None], of: object = None) -> None:
        self._n += 1
        heappush(self._events, (at, self._n, what, of))

    # Requests

    def _arrive(self, now: float, of: tuple[float, int]) -> None:
        due, attempt = of
        one = None if self._waiting else self._able.pick()
        if one is not None:
            self._begin(one, now, now, due)
        else:
            self._place(now, due, attempt)

    def _place(self, now: float, due: float, attempt: int) -> None:
        """One that found no free place."""
        fleet = self._fleet
        if fleet.bound and fleet.grows is Grows.ON_DEMAND:
            one = self._joined(now) or (None if self._waiting else self._started(now))
            if one is not None:
                self._give(one, now, now, due)
                return
        self._wait(now, due, attempt)

    def _joined(self, now: float) -> Instance | None:
        """A starting instance with a place."""
        joinable = self._joinable
        while joinable:
            one = joinable[-1]
            if one.ready_s > now and one.in_hand < self._fleet.at_once:
                return one
            joinable.pop()
        return None

    def _wait(self, now: float, due: float, attempt: int) -> None:
        fleet, waiting = self._fleet, self._waiting
        if fleet.grows is Grows.ON_DEMAND and not fleet.bound and len(waiting) >= self._starting * fleet.at_once:
            self._started(now)
        elif fleet.scaler and not self._alive and not self._coming:
            self._wish(now, 1)
        if len(waiting) >= fleet.queue.most + self._starting * fleet.at_once * (not fleet.bound):
            self._refuse(now, due, attempt)
            return
        until = now + fleet.queue.most_wait_s
        waiting.append((until, now, due, attempt))
        self._loaded(now)
        if not self._timed and until < END:
            self._timed = True
            self._at(until, self._give_up)

    def _give(self, one: Instance, now: float, came: float, due: float) -> None:
        """Where nobody knows yet when its start will be over, the request is held until then."""
        if one.ready_s < END:
            self._begin(one, now, came, due)
            return
        one.held.append((came, due))
        one.in_hand += 1
        self._in_hand += 1
        self._loaded(now)

    def _begin(self, one: Instance, now: float, came: float, due: float) -> None:
        """Give it a request that came at ``came``; it begins when the start is over and a processor is free."""
        own_s, first_s, holds_s, runtime_s, runtime_first_s = next(self._served)
        ready_s = one.ready_s
        begin = at = max(now, ready_s)
        if self._starting and self._shared and (slower := self._shared.slower()) > 1:
            own_s += (slower - 1) * runtime_s
            first_s += (slower - 1) * runtime_first_s
            holds_s *= slower
        if holds_s:
            at = one.processor_at(begin, holds_s)
        end = at + own_s
        took = end - due
        if took > self._deadline_s:
            took = END
        self._rows.append((due, took, at + first_s - due, end - begin, ready_s > came))
        if one.active_s == END:
            one.active_s = now
            if self._keeps:
                self._kept(now, 1)
        one.in_hand += 1
        self._in_hand += 1
        if self._watch:
            self._loaded(now)
        if self._shared:
            self._answers(now, 1)
        self._n += 1
        heappush(self._events, (end, self._n, self._ends, one))

    def _end(self, now: float, one: Instance) -> None:
        self._in_hand -= 1
        one.in_hand -= 1
        if self._shared:
            self._answers(now, -1)
        if self._watch:
            self._loaded(now)
        if one.closed:
            if not one.in_hand:
                self._remove(one, now)
            return
        if self._waiting:
            self._fill(one, now)
        if not one.in_hand:
            self._idles(one, now)
        self._able.changed(one)

    def _fill(self, one: Instance, now: float) -> None:
        """With what waits, oldest first."""
        while self._waiting and one.in_hand < self._fleet.at_once:
            _, came, due, _ = self._waiting.popleft()
            self._give(one, now, came, due)

    def _refuse(self, now: float, due: float, attempt: int) -> None:
        retry = self._fleet.retry
        if attempt < retry.attempts:
            wait_s = min(retry.cap_s, retry.base_s * 2.0 ** (attempt - 1)) * (1 - 0.25 * self._rng.random())
            if now + wait_s - due < self._fleet.deadline_s:
                self._tally.retried += due >= self._tally.from_s
                self._at(now + wait_s, self._arrive, (due, attempt + 1))
                return
        self._tally.refused(due)

    def _give_up(self, now: float, of: object) -> None:
        """All that waited as long as it may."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            _, _, due, attempt = waiting.popleft()
            self._loaded(now)
            self._refuse(now, due, attempt)
        self._timed = bool(waiting)
        if waiting:
            self._at(waiting[0][0], self._give_up, of)

    # Instances

    def _started(self, now: float) -> Instance | None:
        """A new one, where the limits allow it."""
        if len(self._alive) >= self._fleet.most or not self._token(now):
            return None
        took_s = AT_ONCE_S if now < self._quick_s else next(self._start_s if self._alive else self._from_zero_s)
        one = self._add(now, END if self._shared else now + took_s)
        self._starting += 1
        if self._keeps:
            self._kept(now, 1)
        if self._fleet.bound and self._fleet.at_once > 1:
            self._joinable.append(one)
        if self._shared:
            self._shared.begin(now, one, took_s, self._answering)
            self._look_at_starts()
        else:
            self._tally.started(now, took_s)
            self._at(one.ready_s, self._ready, one)
        return one

    def _token(self, now: float) -> bool:
        """Whether one more may start now: a bucket that fills."""
        fleet = self._fleet
        if math.isinf(fleet.starts_at_once):
            return True
        self._tokens = min(fleet.starts_at_once, self._tokens + (now - self._tokens_at) * fleet.starts_per_s)
        self._tokens_at = now
        if self._tokens < 1 - 1e-9:
            if not self._refilling and fleet.grows is Grows.ON_DEMAND and fleet.starts_per_s > 0:
                self._refilling = True
                self._at(now + (1 - self._tokens) / fleet.starts_per_s, self._refilled)
            return False
        self._tokens -= 1
        return True

    def _refilled(self, now: float, of: object) -> None:
        """What has waited since the bucket was empty starts what it needs."""
        del of
        self._refilling = False
        bound = self._fleet.bound
        while self._waiting and (bound or len(self._waiting) > self._starting * self._fleet.at_once):
            one = self._started(now)
            if one is None:
                return
            if bound:
                self._fill(one, now)

    def _add(self, now: float, ready: float) -> Instance:
        self._tally.alive(now, len(self._alive))
        one = Instance(now, ready, self._fleet.vcpus)
        self._alive[one] = None
        if ready <= now:
            one.active_s = END
            self._able.changed(one)
        self._end_overdue(now)
        return one

    def _ready(self, now: float, one: Instance) -> None:
        self._starting -= 1
        if self._shared:
            self._tally.started(one.born_s, now - one.born_s)
            one.ready_s = now
            held, one.held = one.held, []
            one.in_hand -= len(held)
            self._in_hand -= len(held)
            for came, due in held:
                self._begin(one, now, came, due)
        if one.closed:
            return
        self._fill(one, now)
        if not one.in_hand:
            self._idles(one, now)
        self._able.changed(one)

    def _idles(self, one: Instance, now: float) -> None:
        tally = self._tally
        if one.active_s >= tally.from_s and now <= self._to_s:
            tally.active_s += now - one.active_s
        else:
            tally.active(one.active_s, now)
        one.active_s = END
        if self._keeps:
            self._kept(now, -1)
        if self._idle_s:
            one.ends_s = now + next(self._idle_s[int(now / HOUR_S) % HOURS])
            if one.ends_s < one.check_s:
                one.check_s = one.ends_s
                self._at(one.check_s, self._look, one)

    def _look(self, now: float, one: Instance) -> None:
        """Whether it has been idle for as long as it is kept."""
        if now != one.check_s or one.closed:
            return
        one.check_s = END
        if one.in_hand:
            return
        if one.ends_s > now:
            one.check_s = one.ends_s
            self._at(one.check_s, self._look, one)
        elif len(self._alive) > self._fleet.least_at(now):
            self._remove(one, now)
        else:
            self._overdue.append(one)

    def _end_overdue(self, now: float) -> None:
        while self._overdue and len(self._alive) > self._fleet.least_at(now):
            one = self._overdue.pop()
            if not one.closed and not one.in_hand and one.ends_s <= now:
                self._remove(one, now)

    def _remove(self, one: Instance, now: float) -> None:
        self._tally.alive(now, len(self._alive))
        if one.active_s < END:
            self._tally.active(one.active_s, now)
            self._kept(now, -1)
        self._closing -= one.closed
        one.closed = True
        self._alive.pop(one, None)

    def _kept(self, now: float, more: int) -> None:
        """So many more are active from now on: those kept beyond that were idle until now."""
        to = min(now, self._to_s)
        since = self._active_at
        if to > since:
            fleet = self._fleet
            idle = (fleet.least_at(since) if fleet.least_by_hour else fleet.least) - self._active
            if idle > 0:
                self._tally.kept_idle_s += idle * (to - since)
            self._active_at = to
        self._active += more

    def _keep(self, now: float, of: object) -> None:
        """As many as the hour keeps."""
        fleet = self._fleet
        self._kept(now, 0)
        more = fleet.least_at(now) - (len(self._alive) - self._closing)
        for _ in range(more):
            self._started(now)
        if more < 0 and fleet.grows is Grows.FIXED:
            self._close(-more, now)
        self._end_overdue(now)
        if now < self._to_s:
            self._at(now + HOUR_S, self._keep, of)

    # Processors that all share

    def _answers(self, now: float, more: int) -> None:
        self._answering += more
        if self._shared and self._starting:
            self._shared.answering(now, self._answering)
            self._look_at_starts()

    def _look_at_starts(self) -> None:
        """When the next one may be done; where that has become later, what was planned looks again."""
        assert self._shared is not None
        at = self._shared.next_s()
        if at < self._looks_at:
            self._looks_at = at
            self._at(at, self._have_started)

    def _have_started(self, now: float, of: object) -> None:
        del of
        assert self._shared is not None
        if now != self._looks_at:
            return
        self._looks_at = END
        while self._shared.next_s() <= now:
            self._ready(now, self._shared.pop(now))
        self._look_at_starts()

    # The autoscaler

    def _loaded(self, now: float) -> None:
        if self._watch:
            self._watch.changed(now, self._in_hand + len(self._waiting))

    def _tick(self, now: float, of: object) -> None:
        assert self._watch is not None
        assert self._fleet.scaler is not None
        there = len(self._alive) - self._closing
        wanted = self._watch.wanted(now)
        self._wish(now, self._watch.more(now, wanted, there + self._coming))
        if spare := self._watch.spare(now, there):
            self._close(spare, now)
        if now < self._to_s or (self._waiting and self._fleet.most >= 1):
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
        able = [one for one in self._alive if not one.closed]
        for one in sorted(able, key=lambda one: (one.in_hand, -one.born_s))[:count]:
            one.closed = True
            self._closing += 1
            if not one.in_hand:
                self._remove(one, now)


def _nothing(now: float, of: object) -> None:
    """What never happens."""


def _rows(fleet: Fleet, rng: np.random.Generator) -> Iterator[Sequence[float]]:
    """Answers: all their seconds, those to the first token, those that a processor is held; and the runtime's of both."""
    return chain.from_iterable(_answers(fleet, rng))  # one call an answer, and no frame of Python's


def _answers(fleet: Fleet, rng: np.random.Generator) -> Iterator[Sequence[Sequence[float]]]:
    own, rate = fleet.service, fleet.per_instance_per_s
    mean = float(own.runtime_s.mean())
    holds = fleet.vcpus / rate / mean if rate is not None and fleet.at_once > 1 and mean > 0 else 0.0
    size = LEAST_DRAWN
    while True:  # of those that are drawn alone: a short play of many blocks draws few of their answers
        drawn = rng.integers(len(own.runtime_s), size=size)
        runtime, runtime_first = own.runtime_s[drawn], own.runtime_first_s[drawn]
        whole, first = runtime + own.model_s[drawn], runtime_first + own.model_first_s[drawn]
        yield np.column_stack([whole, first, runtime * holds, runtime, runtime_first]).tolist()
        size = min(DRAWN, 2 * size)


def _drawn(values: Array, rng: np.random.Generator) -> Iterator[float]:
    return chain.from_iterable(values[rng.integers(len(values), size=LEAST_DRAWN)].tolist() for _ in count())


def _ends(fleet: Fleet) -> bool:
    return fleet.grows is Grows.ON_DEMAND and len(fleet.idle.values_s) > 0
