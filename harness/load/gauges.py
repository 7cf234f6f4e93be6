"""The generator watches itself: loop lag, CPU, collector pauses, sockets, clock steps, once a second."""

from __future__ import annotations

import gc
import resource
import time
from array import array
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
import psutil

from harness.domain.quantile import quantile
from harness.load.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable

PROBE_S = 0.05
BUSY_PCT = 90.0  # of all cores together: beyond it processes wait for each other
LEAST_SECONDS = 5  # fewer readings of the processor make no percentile


class Gauges:
    """Probes of one process; rows follow ``GENERATOR_KINDS``."""

    def __init__(
        self, worker: int, t0: float, counts: Callable[[], tuple[int, int, int]], failed: Callable[[str], None]
    ) -> None:
        self._worker = worker
        self._t0 = t0
        self._counts = counts  # in flight, open sockets, sent
        self._failed = failed  # a run whose generator is not watched is not believed
        self._rows: list[list[Any]] = []
        self._lags = array("d")
        self._cpu = array("d")
        self._machine = array("d")
        self._gc_s = 0.0
        self._gc_began = 0.0
        self._gc_most_s = 0.0
        self._sockets_most = 0
        self._process = psutil.Process()
        self._drift = time.time() - perf_counter()
        self._greenlets: list[Any] = []

    def start(self) -> None:
        self._process.cpu_percent()
        psutil.cpu_percent()
        gc.callbacks.append(self._on_gc)
        self._greenlets = [gevent.spawn(guarded(loop, self._failed)) for loop in (self._probe, self._each_second)]

    def stop(self) -> None:
        if self._on_gc in gc.callbacks:
            gc.callbacks.remove(self._on_gc)
        gevent.killall(self._greenlets, block=False)

    def take(self) -> list[list[Any]]:
        """Rows since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def summary(self) -> dict[str, float | None]:
        """Figures over the run, its lead-in left out."""
        return {
            "loop_lag_p99_s": quantile(self._lags, 0.99),
            "cpu_p95_pct": quantile(self._cpu, 0.95) if len(self._cpu) >= LEAST_SECONDS else None,
            "machine_cpu_p95_pct": quantile(self._machine, 0.95),
            "machine_busy_share": self._busy_share(),
            "gc_pause_max_s": self._gc_most_s,
            "sockets_max": float(max(self._sockets_most, self._counts()[1])),
            "sockets_limit": float(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
            "clock_step_s": time.time() - perf_counter() - self._drift,
        }

    def _busy_share(self) -> float | None:
        """Seconds in which this machine's cores were all but used up, whoever used them."""
        return sum(pct >= BUSY_PCT for pct in self._machine) / len(self._machine) if self._machine else None

    def _probe(self) -> None:
        while True:
            due = perf_counter() + PROBE_S
            gevent.sleep(PROBE_S)
            now = perf_counter()
            if now >= self._t0:
                self._lags.append(max(0.0, now - due))

    def _each_second(self) -> None:
        seen = 0
        while True:
            gevent.sleep(1.0)
            cpu, machine = self._process.cpu_percent(), psutil.cpu_percent()
            worst = max(self._lags[seen:], default=None)
            seen = len(self._lags)
            in_flight, sockets, sent = self._counts()
            self._sockets_most = max(self._sockets_most, sockets)
            second = int(perf_counter() - self._t0)
            if second >= 1:
                self._cpu.append(cpu)
                self._machine.append(machine)
            pause, self._gc_s = self._gc_s, 0.0
            self._rows.append([second, self._worker, worst, cpu, in_flight, sockets, pause, sent, machine])

    def _on_gc(self, phase: str, info: dict[str, int]) -> None:
        del info
        now = perf_counter()
        if phase == "start":
            self._gc_began = now
            return
        self._gc_s += now - self._gc_began
        if now >= self._t0:
            self._gc_most_s = max(self._gc_most_s, now - self._gc_began)
