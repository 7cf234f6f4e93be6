"""One execution environment: a process that polls the Runtime API, and the invocation it works on."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from harness.local.process import InstanceProcess

MOST_INITS = 2  # one by itself, one more inside the first invocation


class InvocationFailed(Exception):
    """The function failed instead of answering; ``kind`` is Lambda's error type."""

    def __init__(self, kind: str, message: str, status: int = 502) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status


@dataclass
class Head:
    """Status and headers of a function's answer."""

    status: int
    headers: list[tuple[bytes, bytes]]


@dataclass
class Invocation:
    """One request on its way through an environment."""

    request_id: str
    event: dict[str, Any]
    deadline_unix_ms: int
    head: asyncio.Future[Head]
    body: asyncio.Queue[bytes | InvocationFailed | None] = field(default_factory=asyncio.Queue)
    dispatched: float | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ended(self) -> bool:
        return self.settled.is_set()

    def fail(self, error: InvocationFailed) -> None:
        """Tell whoever waits, head or body; later words about the same invocation are ignored."""
        if self.ended:
            return
        self.settled.set()
        if self.head.done():
            self.body.put_nowait(error)
        else:
            self.head.set_exception(error)

    def finish(self) -> None:
        if not self.ended:
            self.settled.set()
            self.body.put_nowait(None)

    @property
    def duration_ms(self) -> float:
        return 0.0 if self.dispatched is None else (time.perf_counter() - self.dispatched) * 1000


class Environment:
    """State of one environment; the platform moves it, the Runtime API reads it."""

    def __init__(self, port: int, idle_limit_s: float, *, provisioned: bool = False, freezes: bool = True) -> None:
        self.port = port
        self.idle_limit_s = idle_limit_s
        self.provisioned = provisioned
        self._freezes = freezes
        self.process: InstanceProcess | None = None
        self.born = time.perf_counter()
        self.inits = 1
        self.init_ms: float | None = None
        self.init_cpu_ms: float | None = None
        self.init_error: InvocationFailed | None = None
        self.init_status = ""  # of the init that failed: "timeout" or "error"
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.work: asyncio.Queue[Invocation] = asyncio.Queue()
        self.current: Invocation | None = None
        self.idle_since = time.perf_counter()
        self.served = 0
        self.dead = False
        self.retired = False  # its place was given back before its process was gone
        self.end = "exited"  # why it is gone, in the platform's words

    def polled(self) -> None:
        """The first poll ends the init phase; a poll that finds no work freezes the process."""
        if not self.ready.done():
            if self.process:
                self.process.sample()
                self.init_ms = (time.perf_counter() - self.process.started) * 1000
                self.init_cpu_ms = self.process.cpu_s * 1000
            self.ready.set_result(None)
        if self._freezes and self.work.empty() and self.process and not self.dead:
            self.process.freeze()

    async def next_work(self) -> Invocation:
        """The next invocation, the process thawed for it."""
        invocation = await self.work.get()
        if self.process:
            self.process.thaw()
        return invocation

    def fail_init(self, error: InvocationFailed) -> None:
        """The runtime says that it cannot start: its process goes, the platform decides whether to try again."""
        self.init_error = error
        if self.process:
            self.process.kill()

    def give_up(self, error: InvocationFailed) -> None:
        if not self.ready.done():
            self.ready.set_exception(error)
            self.ready.exception()  # nobody may be waiting for a provisioned one
