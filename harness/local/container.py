"""The embedded container service: always-warm workers behind one bounded queue, refusing with 503 when it is full."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import deque
from typing import Any

import httpx

from harness.domain.target import LocalContainer
from harness.errors import PilotError
from harness.local.asgi import HOP_BY_HOP, Disconnected, Receive, Scope, Send, TooLarge, read_body, reply
from harness.local.journal import PlatformLog
from harness.local.process import InstanceProcess, spawn
from harness.local.reaper import Reaper

MAX_REQUEST = 6 * 1024 * 1024
UNCOUNTED = ("/healthz", "/v1/meta")  # control traffic takes no place in the queue


class Worker:
    """One server process and how many requests it has in hand."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.process: InstanceProcess | None = None
        self.in_flight = 0
        self.up = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class QueueFull(Exception):
    """No place in the queue, or none came in time."""


class ContainerPlatform:
    """ASGI app of the front door, and owner of the workers behind it."""

    def __init__(
        self, name: str, config: LocalContainer, environment: dict[str, str], log: PlatformLog, reaper: Reaper
    ) -> None:
        self._name = name
        self._config = config
        self._environment = environment
        self._log = log
        self._reaper = reaper
        self._workers: list[Worker] = []
        self._waiting: deque[asyncio.Future[Worker]] = deque()
        self._keepers: list[asyncio.Task[None]] = []
        self._closing = False
        self._retired_cpu_s = 0.0
        self._counts = {"requests": 0, "overloaded": 0, "restarts": 0}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=config.concurrency * config.workers)
        self._client = httpx.AsyncClient(timeout=config.timeout_s, limits=limits, trust_env=False)

    async def start(self) -> None:
        """Return when every worker answers its health check; raises PilotError when one does not."""
        self._workers = [Worker(_free_port()) for _ in range(self._config.workers)]
        self._keepers = [asyncio.create_task(self._keep(worker)) for worker in self._workers]
        deadline = time.perf_counter() + self._config.start_timeout_s
        while not all(worker.up for worker in self._workers):
            if time.perf_counter() > deadline:
                raise PilotError(
                    f"{self._name}: no worker answered /healthz within {self._config.start_timeout_s:g} s",
                    f"see {self._log.path}",
                )
            await asyncio.sleep(0.02)

    async def _keep(self, worker: Worker) -> None:
        """Start the worker, and start it again whenever it dies."""
        while not self._closing:
            command = [part.replace("{port}", str(worker.port)) for part in self._config.command]
            worker.process = await spawn(command, self._environment, self._log, self._reaper)
            ready = asyncio.create_task(self._await_health(worker))
            code = await worker.process.wait()
            ready.cancel()
            worker.up = False
            self._retired_cpu_s += worker.process.cpu_s
            if not self._closing:
                self._counts["restarts"] += 1
                self._log.line(f"WORKER exited with status {code}")
                await asyncio.sleep(0.5)

    async def _await_health(self, worker: Worker) -> None:
        while not worker.up:
            with contextlib.suppress(httpx.HTTPError):
                worker.up = (await self._client.get(f"{worker.url}/healthz", timeout=2)).status_code == 200
            if not worker.up:
                await asyncio.sleep(0.03)
        self._hand_on()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await read_body(receive, MAX_REQUEST)
        except TooLarge:
            await reply(send, 413, {"error": {"code": "too_large", "message": "the body is larger than 6 MiB"}})
            return
        except Disconnected:
            return
        arrived = time.perf_counter()
        counted = scope["path"] not in UNCOUNTED
        try:
            worker = await self._admit() if counted else self._any_worker()
        except QueueFull as full:
            await self._overloaded(full, send)
            return
        queue_ms = (time.perf_counter() - arrived) * 1000
        try:
            await self._forward(worker, scope, body, queue_ms, send)
        finally:
            if counted:
                worker.in_flight -= 1
                self._hand_on()

    async def _overloaded(self, full: QueueFull, send: Send) -> None:
        self._counts["overloaded"] += 1
        self._log.line(f"OVERLOADED Queue: {len(self._waiting)}\tReason: {full}")
        error = {"code": "overloaded", "message": str(full)}
        await reply(send, 503, {"error": error}, [(b"retry-after", b"1")])

    async def _admit(self) -> Worker:
        """A worker with a free place, waiting in the bounded queue for one; raises QueueFull."""
        self._counts["requests"] += 1
        if not self._waiting and (worker := self._free_worker()):
            worker.in_flight += 1
            return worker
        if len(self._waiting) >= self._config.queue:
            raise QueueFull("the queue is full")
        place: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._config.queue_timeout_s):
                return await place
        except TimeoutError:
            raise QueueFull("no worker came free in time") from None
        finally:
            with contextlib.suppress(ValueError):
                self._waiting.remove(place)

    def _hand_on(self) -> None:
        """Give free places to those who wait longest."""
        while self._waiting and (worker := self._free_worker()):
            place = self._waiting.popleft()
            if not place.done():
                worker.in_flight += 1
                place.set_result(worker)

    def _free_worker(self) -> Worker | None:
        able = [w for w in self._workers if w.up and w.in_flight < self._config.concurrency]
        return min(able, key=lambda w: w.in_flight, default=None)

    def _any_worker(self) -> Worker:
        up = [w for w in self._workers if w.up]
        if not up:
            raise QueueFull("no worker is up")
        return up[0]

    async def _forward(self, worker: Worker, scope: Scope, body: bytes, queue_ms: float, send: Send) -> None:
        headers = [(n, v) for n, v in scope["headers"] if n not in HOP_BY_HOP and n != b"host"]
        headers.append((b"x-queue-ms", b"%.3f" % queue_ms))
        query = scope.get("query_string", b"").decode("latin-1")
        url = worker.url + scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        begun = False
        try:
            request = self._client.build_request(scope["method"], url, headers=headers, content=body)
            answer = await self._client.send(request, stream=True)
            try:
                head = [(n.lower(), v) for n, v in answer.headers.raw if n.lower() not in HOP_BY_HOP]
                begun = True
                await send({"type": "http.response.start", "status": answer.status_code, "headers": head})
                async for part in answer.aiter_raw():
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            finally:
                await answer.aclose()
            await send({"type": "http.response.body", "body": b""})
        except httpx.HTTPError as error:
            self._log.line(f"FORWARD failed: {type(error).__name__}")
            if not begun:
                status = 504 if isinstance(error, httpx.TimeoutException) else 502
                await reply(send, status, {"error": {"code": "internal", "message": "the worker did not answer"}})

    async def make_cold(self) -> str:
        """Restart every worker and wait until all are warm again: a container service has no cold of its own."""
        for worker in self._workers:
            worker.up = False
            if worker.process:
                worker.process.kill()
        await asyncio.sleep(0.05)
        while not all(worker.up for worker in self._workers):
            await asyncio.sleep(0.02)
        return "every worker restarted; always-warm workers answer again before a request reaches them"

    def figures(self) -> dict[str, Any]:
        """Counters and resources as of now."""
        live = [w.process for w in self._workers if w.process]
        for process in live:
            process.sample()
        return {
            "instances": sum(w.up for w in self._workers),
            "in_flight": sum(w.in_flight for w in self._workers),
            "queued": len(self._waiting),
            "cpu_s": round(self._retired_cpu_s + sum(p.cpu_s for p in live), 3),
            "rss_mb": round(sum(p.peak_rss_mb for p in live), 1),
            **self._counts,
        }

    def reclaim(self) -> None:
        """Always-warm workers are never reclaimed."""

    async def close(self) -> None:
        """Kill every worker."""
        self._closing = True
        for worker in self._workers:
            if worker.process:
                worker.process.kill()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await self._client.aclose()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
