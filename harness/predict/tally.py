"""What is counted while a fleet is played: by the hour, and answers' times in bins."""

from __future__ import annotations

import math

import numpy as np

from harness.predict.outcome import Hourly, Outcome, Times

HOUR_S = 3600.0
MOST_KEPT = 8192  # times not yet in their bins


class Tally:
    """Of what is due, or happens, from ``from_s`` to ``to_s``."""

    def __init__(self, from_s: float, to_s: float) -> None:
        self.from_s, self.to_s = from_s, to_s
        self.attempts = self.starts = 0
        self.starting_s = self.active_s = self.handled_s = 0.0
        hours = max(1, math.ceil((to_s - from_s) / HOUR_S))
        self._asked, self._ok, self._cold, self._refused, self._late, self._most = ([0] * hours for _ in range(6))
        self._instance_s = [0.0] * hours
        self._counted_to = from_s
        self._response, self._first = Times(), Times()
        self._took: list[float] = []
        self._took_first: list[float] = []

    def asked(self, due: float) -> None:
        """A request, however often it is tried."""
        if due >= self.from_s:
            self._asked[int((due - self.from_s) / HOUR_S)] += 1

    def answered(self, due: float, took_s: float, first_s: float, handled_s: float, *, cold: bool) -> None:
        """``took_s`` infinite: the client had given up; ``first_s`` nan of a whole answer."""
        if due < self.from_s:
            return
        hour = int((due - self.from_s) / HOUR_S)
        late = took_s == math.inf
        (self._late if late else self._ok)[hour] += 1
        if cold:
            self._cold[hour] += 1
        self.handled_s += handled_s
        self._took.append(took_s)
        if first_s == first_s:  # noqa: PLR0124 - not nan
            self._took_first.append(math.inf if late else first_s)
        if len(self._took) > MOST_KEPT:
            self._bin()

    def refused(self, due: float) -> None:
        """For good."""
        if due >= self.from_s:
            self._refused[int((due - self.from_s) / HOUR_S)] += 1
            self._took.append(math.inf)
            self._took_first.append(math.inf)

    def started(self, now: float, took_s: float) -> None:
        """An instance."""
        if now >= self.from_s:
            self.starts += 1
            self.starting_s += took_s

    def alive(self, now: float, count: int) -> None:
        """So many instances since this was last said."""
        to = min(now, self.to_s)
        while self._counted_to < to:
            hour = min(int((self._counted_to - self.from_s) / HOUR_S + 1e-9), len(self._most) - 1)
            until = min(to, self.from_s + (hour + 1) * HOUR_S) if hour < len(self._most) - 1 else to
            self._instance_s[hour] += count * (until - self._counted_to)
            self._most[hour] = max(self._most[hour], count)
            self._counted_to = until

    def active(self, since: float, now: float) -> None:
        """An instance had something in hand, or was starting."""
        self.active_s += max(0.0, min(now, self.to_s) - max(since, self.from_s))

    def outcome(self) -> Outcome:
        """All of it."""
        self._bin()
        rows = (self._asked, self._ok, self._cold, self._refused, self._late, self._instance_s, self._most)
        return Outcome(
            self.from_s,
            self.to_s,
            Hourly(*(np.array(row) for row in rows)),
            self.attempts,
            self.starts,
            self.starting_s,
            self.active_s,
            self.handled_s,
            self._response,
            self._first,
        )

    def _bin(self) -> None:
        self._response.add(self._took)
        self._first.add(self._took_first)
        self._took.clear()
        self._took_first.clear()
