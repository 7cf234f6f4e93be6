"""Instances of a fleet that is played, and which of those with a place takes the next request."""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol

from harness.platforms.scaling import Picks


class Instance:
    """One of the fleet; ``ready_s`` is when its start is over."""

    __slots__ = (
        "active_s",
        "born_s",
        "check_s",
        "closed",
        "ends_s",
        "held",
        "in_hand",
        "level",
        "processors",
        "ready_s",
    )

    def __init__(self, born_s: float, ready_s: float, vcpus: int) -> None:
        self.born_s = born_s
        self.ready_s = ready_s
        self.in_hand = 0
        self.held: list[
            tuple[float, float]
        ] = []  # came at and due, of those that begin when an open-ended start is over
        self.active_s = born_s  # since when it has had something in hand, or was starting
        self.ends_s = math.inf  # where it stays idle
        self.check_s = math.inf  # when that is looked at next
        self.closed = False  # takes no more: ended, or will with its last answer
        self.level = -1  # where a picker has it; -1: nowhere
        self.processors = [born_s] * vcpus  # when each is free

    def processor_at(self, now: float, for_s: float) -> float:
        """When a request that comes now gets a processor, which it then has for ``for_s``; first come, first served."""
        own = self.processors
        k = 0 if len(own) == 1 else own.index(min(own))
        free = own[k]
        at = max(now, free)
        own[k] = at + for_s
        return at


class Picker(Protocol):
    """Knows every instance that is ready; those that are closed are passed over."""

    def pick(self) -> Instance | None:
        """One with a place; the caller gives it a request."""

    def changed(self, one: Instance) -> None:
        """It is ready, was given a request in another way, or has answered one."""


class Stack:
    """The one used last first, where each takes one request: those below can end."""

    def __init__(self) -> None:
        self._free: list[Instance] = []

    def pick(self) -> Instance | None:
        free = self._free
        while free:
            one = free.pop()
            if not one.closed:
                return one
        return None

    def changed(self, one: Instance) -> None:
        if not one.in_hand:
            self._free.append(one)


class Recent:
    """The one that was last given a request, or answered one, first."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._able: dict[Instance, None] = {}  # the most recent last

    def pick(self) -> Instance | None:
        able = self._able
        while able:
            one, _ = able.popitem()
            if one.closed:
                continue
            if one.in_hand + 1 < self._at_once:
                able[one] = None
            return one
        return None

    def changed(self, one: Instance) -> None:
        self._able.pop(one, None)
        if one.in_hand < self._at_once:
            self._able[one] = None


class Least:
    """The one with the least in hand first; of those alike, the one that came to it last, so that others can end."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._levels: list[dict[Instance, None]] = [{}]
        self._lowest = 0  # no level below it holds any

    def pick(self) -> Instance | None:
        levels, k = self._levels, self._lowest
        while k < len(levels):
            if not levels[k]:
                k += 1
                continue
            one, _ = levels[k].popitem()
            one.level = -1
            if one.closed:
                continue
            self._lowest = k
            self._put(one, k + 1)
            return one
        self._lowest = 0
        return None

    def changed(self, one: Instance) -> None:
        level = one.in_hand
        if one.level >= 0:
            del self._levels[one.level][one]
        self._put(one, level)
        self._lowest = min(self._lowest, level)

    def _put(self, one: Instance, level: int) -> None:
        if level >= self._at_once:
            one.level = -1
            return
        if level >= len(self._levels):
            self._levels += [{} for _ in range(level + 1 - len(self._levels))]
        one.level = level
        self._levels[level][one] = None


class Turns:
    """Each in turn, as a load balancer does that does not look; full ones are passed over."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._ring: deque[Instance] = deque()

    def pick(self) -> Instance | None:
        ring = self._ring
        for _ in range(len(ring)):
            one = ring.popleft()
            if one.closed:
                continue
            ring.append(one)
            if one.in_hand < self._at_once:
                return one
        return None

    def changed(self, one: Instance) -> None:
        if one.level < 0:
            one.level = 0
            self._ring.append(one)


def picker(picks: Picks, at_once: int) -> Picker:
    """By the rule."""
    match picks:
        case Picks.LEAST:
            return Least(at_once)
        case Picks.TURNS:
            return Turns(at_once)
        case _:
            return Stack() if at_once == 1 else Recent(at_once)
