"""How far each worker's monotonic clock is from the master's, by round trips over Locust's own channel.

Cristian's method: with a reply stamped ``w`` between ``a`` (asked) and ``b`` (answered),
the offset is w - (a + b) / 2, wrong by at most (b - a) / 2; the shortest of several round trips counts.
Latencies do not depend on it, each is taken on one clock: only when stripes start does.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent

from harness.load.machine import machine_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from locust.env import Environment

ROUNDS = 8
ROUND_S = 0.25


@dataclass(frozen=True)
class Offset:
    """Worker's clock minus the master's, and by how much that may be wrong, in seconds."""

    offset_s: float
    error_s: float
    machine: str


class Clocks:
    """The master's side."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._best: dict[str, Offset] = {}
        self._waiting: set[str] = set()
        assert environment.runner is not None
        environment.runner.register_message("pilot_pong", self._on_pong)

    def measure(self, clients: Sequence[str]) -> dict[str, Offset]:
        """By client id; a worker that does not answer is absent."""
        self._best = {}
        assert self._environment.runner is not None
        for _ in range(ROUNDS):
            self._waiting = set(clients)
            for client in clients:
                self._environment.runner.send_message("pilot_ping", {"asked": perf_counter(), "client": client}, client)
            until = perf_counter() + ROUND_S
            while self._waiting and perf_counter() < until:
                gevent.sleep(0.002)
        return dict(self._best)

    def _on_pong(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401
        del environment
        answered = perf_counter()
        said = msg.data
        self._waiting.discard(said["client"])
        error = (answered - said["asked"]) / 2
        best = self._best.get(said["client"])
        if best is None or error < best.error_s:
            offset = said["clock"] - (answered + said["asked"]) / 2
            self._best[said["client"]] = Offset(offset, error, said["machine"])


@dataclass(frozen=True)
class Apart:
    """Of all workers on other machines: how far the worst one moved for certain, may have been off at most, and who is not known."""

    certain_s: float | None
    most_s: float | None
    unknown: int


def apart(
    before: Mapping[str, Offset], after: Mapping[str, Offset], workers: Iterable[str], lost: Collection[str]
) -> Apart:
    """A worker that was lost is judged by that alone; one that shares this machine's clock can't be off."""
    certain, most, unknown = [], [], 0
    for worker in workers:
        then, now = before.get(worker), after.get(worker)
        if worker in lost or any(one is not None and one.machine == machine_id() for one in (then, now)):
            continue
        if then is None or now is None:
            unknown += 1
            continue
        moved, doubt = abs(now.offset_s - then.offset_s), then.error_s + now.error_s
        certain.append(max(0.0, moved - doubt))
        most.append(max(then.error_s, moved + now.error_s))
    return Apart(max(certain, default=None), max(most, default=None), unknown)


def answer_ping(environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401
    """The worker's side."""
    assert environment.runner is not None
    environment.runner.send_message("pilot_pong", {**msg.data, "clock": perf_counter(), "machine": machine_id()})


def t0_here(plan: dict[str, Any]) -> float:
    """The run's start on this process's clock."""
    if plan["machine"] == machine_id():
        return float(plan["t0_perf"])
    return float(plan["t0_perf"]) + float(plan["offset_s"])
