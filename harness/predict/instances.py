"""Instances of a fleet that is played, and which of those with a place takes the next request."""

from __future__ import annotations

import math
from heapq import heappop, heappush

from harness.platforms.scaling import Picks


class Instance:
    """One of the fleet; ``ready_s`` is when its start is over."""

    __slots__ = ("active_s", "born_s", "check_s", "closed", "ends_s", "in_hand", "listed", "processors", "ready_s")

    def __init__(self, born_s: float, ready_s: float, vcpus: int) -> None:
        self.born_s = born_s
        self.ready_s = ready_s
        self.in_hand = 0
        self.active_s = born_s  # since when it has had something in hand, or was starting
        self.ends_s = math.inf  # where it stays idle
        self.check_s = math.inf  # when that is looked at next
        self.closed = False  # takes no more: ended, or will with its last answer
        self.listed = False
        self.processors = [born_s] * vcpus  # when each is free

    def processor_at(self, now: float, for_s: float) -> float:
        """When a request that comes now gets a processor, which it then has for ``for_s``; first come, first served."""
        own = self.processors
        k = 0 if len(own) == 1 else own.index(min(own))
        at = max(now, own[k])
        own[k] = at + for_s
        return at


class Recent:
    """The one that was used last first, so that the others can end."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._able: list[Instance] = []

    def pick(self) -> Instance | None:
        """One with a place; the caller gives it a request."""
        able = self._able
        while able:
            one = able[-1]
            if one.closed or one.in_hand >= self._at_once:
                able.pop().listed = False
                continue
            if one.in_hand + 1 == self._at_once:  # full then, and anew on top when it has a place again
                able.pop().listed = False
            return one
        return None

    def changed(self, one: Instance) -> None:
        """It is ready, or has a place more."""
        if not one.listed:
            one.listed = True
            self._able.append(one)


class Least:
    """The one with the least in hand first, the older of two alike."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._able: list[tuple[int, float, int, Instance]] = []
        self._n = 0

    def pick(self) -> Instance | None:
        """One with a place; the caller gives it a request."""
        able = self._able
        while able:
            in_hand, _, _, one = able[0]
            heappop(able)
            if one.closed or one.in_hand != in_hand:
                continue
            if in_hand + 1 < self._at_once:
                self._push(one, in_hand + 1)
            return one
        return None

    def changed(self, one: Instance) -> None:
        """It is ready, or has a place more."""
        self._push(one, one.in_hand)

    def _push(self, one: Instance, in_hand: int) -> None:
        self._n += 1
        heappush(self._able, (in_hand, one.born_s, self._n, one))


def picker(picks: Picks, at_once: int) -> Recent | Least:
    """By the rule."""
    return Recent(at_once) if picks is Picks.RECENT else Least(at_once)
