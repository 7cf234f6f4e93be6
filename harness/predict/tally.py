"""What is counted while a fleet is played: by the hour, and answers' times in bins."""

from __future__ import annotations

import math
from itertools import chain

import numpy as np

from harness.analysis.columns import Array
from harness.predict.outcome import Hourly, Outcome, Times

HOUR_S = 3600.0

# When it was due, how long it took, how long to the first token, how long it was handled, whether it was cold.
Row = tuple[float, float, float, float, bool]
FIELDS = 5


class Tally:
    """Of what is due, or happens, from ``from_s`` to ``to_s``.

    ``rows``: answers that are not yet in their bins. One took infinitely long if the client had given up; its first
    token is nan if it was not streamed.
    """

    def __init__(self, from_s: float, to_s: float) -> None:
        self.from_s, self.to_s = from_s, to_s
        self.retried = self.starts = 0
        self.starting_s = self.active_s = self.kept_idle_s = self._handled_s = 0.0
        self.rows: list[Row] = []
        hours = max(1, math.ceil((to_s - from_s) / HOUR_S))
        self._asked, self._ok, self._cold, self._late = (np.zeros(hours, dtype=np.int64) for _ in range(4))
        self._refused, self._most = [0] * hours, [0] * hours
        self._instance_s = [0.0] * hours
        self._counted_to = from_s
        self._response, self._first = Times(), Times()

    def asked(self, due_s: Array) -> None:
        """Requests, however often each is tried; and a time to put answers into their bins."""
        self._asked += self._by_hour(due_s[due_s >= self.from_s])
        self._bin()

    def refused(self, due: float) -> None:
        """For good."""
        if due >= self.from_s:
            self._refused[int((due - self.from_s) / HOUR_S)] += 1

    def started(self, now: float, took_s: float) -> None:
        """An instance."""
        if self.from_s <= now < self.to_s:
            self.starts += 1
            self.starting_s += min(took_s, self.to_s - now)

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
        refused = np.array(self._refused)
        failed = np.full(int(refused.sum()), math.inf)
        self._response.add(failed)
        self._first.add(failed)
        times = (np.array(self._instance_s), np.array(self._most))
        return Outcome(
            self.from_s,
            self.to_s,
            Hourly(self._asked, self._ok, self._cold, refused, self._late, *times),
            int(self._asked.sum()) + self.retried,
            self.starts,
            self.starting_s,
            self.active_s,
            self.kept_idle_s,
            self._handled_s,
            self._response,
            self._first,
        )

    def _bin(self) -> None:
        if not self.rows:
            return
        every = np.fromiter(chain.from_iterable(self.rows), dtype=float, count=FIELDS * len(self.rows))
        due, took, first, handled, cold = every.reshape(-1, FIELDS).T
        self.rows.clear()
        counts = due >= self.from_s
        late = np.isinf(took)
        self._late += self._by_hour(due[counts & late])
        self._ok += self._by_hour(due[counts & ~late])
        self._cold += self._by_hour(due[counts & (cold > 0)])
        self._handled_s += float(handled[counts].sum())
        self._response.add(took[counts])
        streamed = counts & ~np.isnan(first)
        self._first.add(np.where(late, math.inf, first)[streamed])

    def _by_hour(self, due_s: Array) -> Array:
        return np.bincount(((due_s - self.from_s) / HOUR_S).astype(np.int64), minlength=len(self._asked))
