"""Ends exchanges that take too long: one sweeper, because a timer a request costs more than the request's parsing."""

from __future__ import annotations

from heapq import heappop, heappush
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent

from harness.load.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.load.wire import Wire

SWEEP_S = 0.1  # a deadline that is nearer than this when it is set is kept to within this


class Deadlines:
    """Watches exchanges; ``start`` before the first and ``stop`` after the last; ``failed`` hears why it watches no more."""

    def __init__(self, failed: Callable[[str], None]) -> None:
        self._failed = failed
        self._heap: list[tuple[float, int, Wire, int]] = []
        self._count = 0
        self._sweeper: Any = None

    def start(self) -> None:
        self._sweeper = gevent.spawn(guarded(self._sweep, self._failed))

    def stop(self) -> None:
        if self._sweeper is not None:
            self._sweeper.kill(block=False)
        self._heap.clear()

    def watch(self, connection: Wire, due: float) -> None:
        """Expire the connection's next exchange at ``due``, by the monotonic clock, unless it has ended."""
        self._count += 1
        heappush(self._heap, (due, self._count, connection, connection.exchanges))

    def _sweep(self) -> None:
        heap = self._heap
        while True:
            now = perf_counter()
            while heap and heap[0][0] <= now:
                _, _, connection, exchange = heappop(heap)
                if connection.busy and connection.exchanges == exchange:
                    connection.expire()
            gevent.sleep(min(SWEEP_S, max(0.001, heap[0][0] - now)) if heap else SWEEP_S)
