"""One level of traffic played on one world: arrivals placed, started for, waiting, refused, and instances ended."""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from harness.analysis.columns import Array
from harness.platforms.scaling import Grows, Picks
from harness.predict.drawn import World
from harness.predict.loads import Level
from harness.predict.played import Play
from harness.predict.window import Curve

WARMED = 0.1  # of the requests: before them the fleet fills
END, READY, LOOK = 0, 1, 2


@dataclass
class _Instance:
    born_s: float
    up: bool = True
    in_hand: int = 0
    idle_s: float = 0.0
    until_s: float = math.inf
    busy_from_s: float = 0.0
    kept: bool = False
    gone: bool = False


@dataclass
class _Tally:
    lived_s: float = 0.0
    busy_s: float = 0.0
    served_s: float = 0.0
    start_s: float = 0.0
    cold: int = 0
    served: int = 0
    most: int = 0
    busy_most: int = 0
    response_s: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)


def play(world: World, level: Level, requests: int, rng: np.random.Generator) -> Play:
    """Poisson arrivals at the level's rate."""
    warm = int(requests * WARMED)
    at = np.cumsum(rng.exponential(1 / level.per_s, requests + warm))
    return play_at(world, level, at, warm, rng)


def play_at(world: World, level: Level, at: Array, warm: int, rng: np.random.Generator) -> Play:
    """The arrivals as they are; those before ``warm`` fill the fleet and are not counted."""
    run = _Run(world, at, warm, rng)
    run.play()
    t, seconds = run.tally, run.seconds
    return Play(
        level,
        seconds,
        np.array(t.response_s),
        np.array(t.first_s),
        t.cold,
        t.served,
        t.lived_s / seconds,
        float(t.most),
        float(t.busy_most),
        t.busy_s,
        t.served_s,
        t.start_s,
    )


class _Run:
    def __init__(self, world: World, at: Array, warm: int, rng: np.random.Generator) -> None:
        self.world, self.at, self.rng = world, at, rng
        self.from_s, self.to_s = float(at[warm]), float(at[-1])
        self.seconds = max(1e-9, self.to_s - self.from_s)
        self.tally = _Tally()
        n, served = len(at), world.served
        chosen = rng.integers(len(served.model_s), size=n)
        self.runtime, self.model = served.runtime_s[chosen], served.model_s[chosen]
        self.first = served.runtime_first_s[chosen] + served.model_first_s[chosen]
        self.starts = rng.choice(world.start_s, n) if len(world.start_s) else np.zeros(n)
        scaling = world.scaling
        self.places = scaling.at_once.value
        self.most = scaling.most.value
        self.tokens, self.tokens_at = scaling.starts_at_once.value, 0.0
        self.on_demand = scaling.grows is Grows.ON_DEMAND
        self.recent = scaling.picks is Picks.RECENT
        self.ends: list[tuple[float, int, int, _Instance]] = []
        self.waiting: deque[tuple[int, float]] = deque()
        self.fleet: list[_Instance] = [_Instance(0.0, kept=True) for _ in range(int(scaling.least.value))]
        self.number = 0
        self.began: dict[int, tuple[int, float, float]] = {}
        mean_start = float(world.start_s.mean()) if len(world.start_s) else 0.0
        waiting = scaling.waiting
        self.queue, self.wait_s = waiting.places.value, max(waiting.most_s.value, waiting.starts * mean_start)
        self.loads: deque[tuple[float, int]] = deque()
        self.in_all = 0
        self.busy = 0

    def play(self) -> None:
        scaler = self.world.scaling.scaler
        next_look = 0.0
        for k, at in enumerate(self.at.tolist()):
            while scaler is not None and next_look <= at:
                self._until(next_look)
                self._look(next_look)
                next_look += scaler.every_s.value
            self._until(at)
            self._arrive(k, at)
            self.tally.most = max(self.tally.most, len(self.fleet)) if at >= self.from_s else 0
        self._until(math.inf)
        for one in self.fleet:
            self._lived(one, min(self.to_s, one.until_s if not one.in_hand else self.to_s))

    def _until(self, now: float) -> None:
        while self.ends and self.ends[0][0] <= now:
            at, _, k, one = heapq.heappop(self.ends)
            if k < 0:
                one.up = True
                self._hand_on(at, one)
                continue
            self._end(k, at, one)

    def _end(self, k: int, at: float, one: _Instance) -> None:
        one.in_hand -= 1
        self.in_all -= 1
        number, began, start = self.began.pop(k)
        del number
        if self.at[k] >= self.from_s:
            self.tally.served_s += at - began
            self.tally.start_s += start
        self._hand_on(at, one)
        if one.in_hand == 0:
            one.idle_s = at
            self.busy -= 1
            self.tally.busy_s += max(0.0, min(at, self.to_s) - max(one.busy_from_s, self.from_s))
            one.until_s = math.inf if one.kept or not self.on_demand else at + _window(self.world.window, self.rng)

    def _hand_on(self, at: float, one: _Instance) -> None:
        while self.waiting and one.in_hand < self.places:
            k, since = self.waiting.popleft()
            if at - since > self.wait_s:
                self._refuse(k)
            else:
                self._begin(k, at, one, 0.0)

    def _arrive(self, k: int, at: float) -> None:
        if self.on_demand:
            for one in [i for i in self.fleet if not i.in_hand and i.until_s < at]:
                self.fleet.remove(one)
                self._lived(one, one.until_s)
        able = [i for i in self.fleet if i.up and i.in_hand < self.places]
        if able and not self.waiting:
            chosen = max(able, key=lambda i: i.idle_s) if self.recent else min(able, key=lambda i: i.in_hand)
            self._begin(k, at, chosen, 0.0)
        elif self.on_demand and len(self.fleet) < self.most and self._token(at):
            one = _Instance(at)
            self.fleet.append(one)
            self._begin(k, at, one, float(self.starts[k]), cold=True)
        elif len(self.waiting) < self.queue:
            self.waiting.append((k, at))
            if self.world.scaling.scaler is not None and not self.fleet:
                self._add(at, 0.0)
        else:
            self._refuse(k)

    def _token(self, at: float) -> bool:
        scaling = self.world.scaling
        self.tokens = min(
            scaling.starts_at_once.value, self.tokens + (at - self.tokens_at) * scaling.starts_per_s.value
        )
        self.tokens_at = at
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def _begin(self, k: int, at: float, one: _Instance, start_s: float, *, cold: bool = False) -> None:
        if one.in_hand == 0:
            one.busy_from_s = at
            self.busy += 1
            self.tally.busy_most = max(self.tally.busy_most, self.busy)
        one.in_hand += 1
        self.in_all += 1
        end = at + start_s + float(self.runtime[k] + self.model[k])
        self.number += 1
        heapq.heappush(self.ends, (end, self.number, k, one))
        self.began[k] = (self.number, at, start_s)
        if self.at[k] >= self.from_s:
            self.tally.served += 1
            self.tally.cold += cold
            self.tally.response_s.append(end - float(self.at[k]))
            self.tally.first_s.append(at + start_s + float(self.first[k]) - float(self.at[k]))

    def _refuse(self, k: int) -> None:
        if self.at[k] >= self.from_s:
            self.tally.response_s.append(math.inf)
            self.tally.first_s.append(math.inf)

    def _look(self, now: float) -> None:
        scaling, scaler = self.world.scaling, self.world.scaling.scaler
        assert scaler is not None
        load = self.in_all + len(self.waiting)
        self.loads.append((now, load))
        while now - self.loads[0][0] > max(scaler.window_s.value, scaler.down_s.value):
            self.loads.popleft()
        recent = [v for t, v in self.loads if now - t <= scaler.window_s.value]
        wanted = math.ceil(sum(recent) / len(recent) / (scaler.share.value * self.places) - 1e-9)
        if scaler.at_need:
            wanted = max(wanted, math.ceil(load / self.places))
        wanted = int(min(self.most, max(scaling.least.value, wanted)))
        for _ in range(wanted - len(self.fleet)):
            self._add(now, scaler.lag_s.value)
        if len(self.fleet) > wanted and now - self.fleet[-1].idle_s > scaler.down_s.value:
            idle = [i for i in self.fleet if i.up and not i.in_hand][: len(self.fleet) - wanted]
            for one in idle:
                self.fleet.remove(one)
                self._lived(one, now)

    def _add(self, now: float, lag_s: float) -> None:
        start = float(self.rng.choice(self.world.start_s)) if len(self.world.start_s) else 0.0
        one = _Instance(now, up=False)
        self.fleet.append(one)
        self.number += 1
        heapq.heappush(self.ends, (now + lag_s + start, self.number, -1, one))

    def _lived(self, one: _Instance, until_s: float) -> None:
        self.tally.lived_s += max(0.0, min(until_s, self.to_s) - max(one.born_s, self.from_s))


def _window(curve: Curve, rng: np.random.Generator) -> float:
    if not curve:
        return math.inf
    mode = curve[int(rng.choice(len(curve), p=np.array([m.share for m in curve]) / sum(m.share for m in curve)))]
    return float(mode.middle_s * math.exp(mode.spread * rng.standard_normal()))
