"""The embedded container service: workers behind one queue, a fixed number or scaled between a least and a most.

Two queue rules: ``bounded`` refuses with 503 when its places are full or the wait is
over; ``cloud-run`` lets any number wait for an instance, for a time, and then answers 429.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import deque
from typing import Any

import httpx

from harness.domain.target import HEALTH
from harness.errors import PilotError
from harness.local.asgi import HOP_BY_HOP, Receive, Scope, Send, body_of, reply
from harness.local.journal import PlatformLog, instance_line
from harness.local.process import InstanceProcess, spawn
from harness.local.reaper import Reaper
from harness.local.scaling import Autoscaler, ScalingRules, queue_limit_s
from harness.platforms.local_container.config import SCALED, LocalContainer

OK = 200
UNCOUNTED = (*HEALTH, "/v1/meta")  # control traffic takes no place in the queue


class Worker:
    """One server process and how many requests it has in hand."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.process: InstanceProcess | None = None
        self.in_flight = 0
        self.served = 0
        self.up = False
        self.leaving = False
        self.start_ms: float | None = None  # from the process's start to its first healthy answer
        self.keeper: asyncio.Task[None] | None = None

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
        most = config.workers if config.max_workers is None else max(config.workers, config.max_workers)
        self._scaler = Autoscaler(
            ScalingRules(
                config.workers, most, config.concurrency, config.target_share, config.scale_window_s, config.idle_s
            )
        )
        self._scaled = most > config.workers
        self._next_scale = 0.0
        self._starts_s: list[float] = []
        self._closing = False
        self._retired_cpu_s = 0.0
        self._counts = {"requests": 0, "overloaded": 0, "restarts": 0, "scaled_out": 0, "scaled_in": 0}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=config.concurrency * most)
        self._client = httpx.AsyncClient(timeout=config.timeout_s, limits=limits, trust_env=False)

    async def start(self) -> None:
        """Return when every worker answers its health check; raises PilotError when one does not."""
        for _ in range(self._config.workers):
            self._add(lag_s=0.0)
        deadline = time.perf_counter() + self._config.start_timeout_s
        while not all(worker.up for worker in self._workers):
            if time.perf_counter() > deadline:
                raise PilotError(
                    f"{self._name}: no worker answered {HEALTH[0]} within {self._config.start_timeout_s:g} s",
                    f"see {self._log.path}",
                )
            await asyncio.sleep(0.02)

    def _add(self, *, lag_s: float) -> None:
        worker = Worker(_free_port())
        self._workers.append(worker)
        worker.keeper = asyncio.create_task(self._keep(worker, lag_s))

    async def _keep(self, worker: Worker, lag_s: float) -> None:
        """Start the worker after the platform's lag, and start it again whenever it dies."""
        asked = time.perf_counter()
        await asyncio.sleep(lag_s)
        while not self._closing and not worker.leaving:
            command = [part.replace("{port}", str(worker.port)) for part in self._config.command]
            worker.process = await spawn(command, self._environment, self._log, self._reaper)
            ready = asyncio.create_task(self._await_health(worker, asked))
            code = await worker.process.wait()
            ready.cancel()
            worker.up = False
            self._retired_cpu_s += worker.process.cpu_s
            self._note_end(worker, code)
            if not self._closing and not worker.leaving:
                self._counts["restarts"] += 1
                self._log.line(f"WORKER exited with status {code}")
                await asyncio.sleep(0.5)
                asked = time.perf_counter()

    def _note_end(self, worker: Worker, code: int) -> None:
        process = worker.process
        assert process is not None
        lived_s = time.perf_counter() - process.started
        end = "scaled in" if worker.leaving else "closed" if self._closing else f"exited with status {code}"
        self._log.line(instance_line(process.pid, lived_s, worker.served, worker.start_ms, None, process.cpu_s, end))

    async def _await_health(self, worker: Worker, asked: float) -> None:
        assert worker.process is not None
        while not worker.up:
            with contextlib.suppress(httpx.HTTPError):
                worker.up = await self._healthy(worker)
            if not worker.up:
                await asyncio.sleep(0.03)
        now = time.perf_counter()
        worker.start_ms = (now - worker.process.started) * 1000
        self._starts_s.append(now - asked)
        self._hand_on()

    async def _healthy(self, worker: Worker) -> bool:
        """At either of the contract's paths: a server refuses one that it does not know with a status of its own choice."""
        for path in HEALTH:
            if (await self._client.get(f"{worker.url}{path}", timeout=2)).status_code == OK:
                return True
        return False

    # -- scaling

    def reclaim(self) -> None:
        """Called a few times a second: note the load, and scale when the autoscaler is due."""
        now = time.perf_counter()
        self._scaler.note(now, sum(w.in_flight for w in self._workers) + len(self._waiting))
        if self._scaled and not self._closing and now >= self._next_scale:
            self._next_scale = now + self._config.scale_every_s
            self._scale(self._scaler.wanted(now))

    def _scale(self, wanted: int) -> None:
        staying = [w for w in self._workers if not w.leaving]
        for _ in range(wanted - len(staying)):
            self._counts["scaled_out"] += 1
            self._add(lag_s=self._config.start_lag_s)
        for worker in sorted(staying, key=lambda w: w.in_flight)[: max(0, len(staying) - wanted)]:
            if worker.in_flight == 0:
                self._counts["scaled_in"] += 1
                self._leave(worker)

    def _leave(self, worker: Worker) -> None:
        worker.leaving, worker.up = True, False
        if worker.process:
            worker.process.kill()
        elif worker.keeper:
            worker.keeper.cancel()
        self._workers.remove(worker)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await body_of(
            scope, receive, send, {"error": {"code": "too_large", "message": "the body is larger than 6 MiB"}}
        )
        if body is None:
            return
        arrived = time.perf_counter()
        # from zero a health check starts an instance as any request does: there is nobody else to answer it
        asleep = self._scaled and not any(w.up for w in self._workers)
        counted = asleep or scope["path"] not in UNCOUNTED
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
                worker.served += 1
                self._hand_on()

    async def _overloaded(self, full: QueueFull, send: Send) -> None:
        self._counts["overloaded"] += 1
        self._log.line(f"OVERLOADED Queue: {len(self._waiting)}\tReason: {full}")
        if self._config.queue_rule == SCALED:
            await reply(send, 429, {"error": {"code": "throttled", "message": str(full)}})
            return
        error = {"code": "overloaded", "message": str(full)}
        await reply(send, 503, {"error": error}, [(b"retry-after", b"1")])

    async def _admit(self) -> Worker:
        """A worker with a free place, waiting in the bounded queue for one; raises QueueFull."""
        self._counts["requests"] += 1
        if not self._waiting and (worker := self._free_worker()):
            worker.in_flight += 1
            return worker
        cloud_run = self._config.queue_rule == SCALED
        if not cloud_run and len(self._waiting) >= self._config.queue:
            raise QueueFull("the queue is full")
        if self._scaled and not self._workers:
            self._scale(1)  # from zero nobody waits for the next look
        limit_s = queue_limit_s(self._mean_start_s()) if cloud_run else self._config.queue_timeout_s
        place: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(limit_s):
                return await place
        except TimeoutError:
            raise QueueFull("no available instance" if cloud_run else "no worker came free in time") from None
        finally:
            with contextlib.suppress(ValueError):
                self._waiting.remove(place)

    def _mean_start_s(self) -> float:
        return sum(self._starts_s) / len(self._starts_s) if self._starts_s else 0.0

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
        """For control traffic."""
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

    async def make_cold(self) -> dict[str, str]:
        """Scale to zero where that is allowed; else restart every worker and wait until all are warm again."""
        if self._config.workers == 0:
            for worker in list(self._workers):
                self._leave(worker)
            return {"kind": "scaled-to-zero", "method": "every instance stopped; the next request starts one"}
        for worker in self._workers:
            worker.up = False
            if worker.process:
                worker.process.kill()
        await asyncio.sleep(0.05)
        while not all(worker.up for worker in self._workers):
            await asyncio.sleep(0.02)
        method = "every worker restarted; always-warm workers answer again before a request reaches them"
        return {"kind": "restarted", "method": method}

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

    async def close(self) -> None:
        """Kill every worker."""
        self._closing = True
        keepers = [worker.keeper for worker in self._workers if worker.keeper]
        for worker in self._workers:
            if worker.process:
                worker.process.kill()
            elif worker.keeper:
                worker.keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        await self._client.aclose()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
