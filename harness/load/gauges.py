"""The generator watches itself: loop lag, CPU, collector pauses, sockets, clock steps, once a second."""

from __future__ import annotations

import gc
import time
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
import psutil

from harness.domain.quantile import quantile

if TYPE_CHECKING:
    from collections.abc import Callable

PROBE_S = 0.05


class Gauges:
    """Probes of one process; rows follow ``GENERATOR_KINDS``."""

    def __init__(self, worker: int, t0: float, counts: Callable[[], tuple[int, int, int]]) -> None:
        self._worker = worker
        self._t0 = t0
        self._counts = counts  # in flight, open sockets, sent
        self._rows: list[list[Any]] = []
        self._lags: list[float] = []
        self._cpu: list[float] = []
        self._gc_s = 0.0
        self._gc_began = 0.0
        self._process = psutil.Process()
        self._drift = time.time() - perf_counter()
        self._greenlets: list[Any] = []

    def start(self) -> None:
        self._process.cpu_percent()
        gc.callbacks.append(self._on_gc)
        self._greenlets = [gevent.spawn(self._probe), gevent.spawn(self._each_second)]

    def stop(self) -> None:
        if self._on_gc in gc.callbacks:
            gc.callbacks.remove(self._on_gc)
        gevent.killall(self._greenlets, block=False)

    def take(self) -> list[list[Any]]:
        """Rows since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def summary(self) -> dict[str, float | None]:
        """Figures over the whole run."""
        return {
            "loop_lag_p99_s": quantile(self._lags, 0.99),
            "cpu_p95_pct": quantile(self._cpu, 0.95),
            "clock_step_s": time.time() - perf_counter() - self._drift,
        }

    def _probe(self) -> None:
        while True:
            due = perf_counter() + PROBE_S
            gevent.sleep(PROBE_S)
            self._lags.append(max(0.0, perf_counter() - due))

    def _each_second(self) -> None:
        seen = 0
        while True:
            gevent.sleep(1.0)
            cpu = self._process.cpu_percent()
            self._cpu.append(cpu)
            worst = max(self._lags[seen:], default=None)
            seen = len(self._lags)
            in_flight, sockets, sent = self._counts()
            second = int(perf_counter() - self._t0)
            pause, self._gc_s = self._gc_s, 0.0
            self._rows.append([second, self._worker, worst, cpu, in_flight, sockets, pause, sent])

    def _on_gc(self, phase: str, info: dict[str, int]) -> None:
        del info
        if phase == "start":
            self._gc_began = perf_counter()
        else:
            self._gc_s += perf_counter() - self._gc_began
