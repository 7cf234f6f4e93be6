"""The embedded function: a front door shaped like a function URL over real processes, placed as Lambda places."""

from __future__ import annotations

import asyncio
import random
import signal
import socket
import time
import uuid
from typing import Any

from harness.local.asgi import Receive, Scope, Send, bind, body_of, reply
from harness.local.environment import MOST_INITS, Environment, Invocation, InvocationFailed
from harness.local.function_url import event_of, relay
from harness.local.journal import PlatformLog, init_report_line, instance_line, report_line
from harness.local.placement import Placement, Refusal, Rules
from harness.local.process import spawn
from harness.local.reaper import Reaper
from harness.local.runtime_api import RuntimeApi
from harness.platforms.local_function.config import LocalFunction

RETRY_AFTER_S = 1
MIB = 1024 * 1024
PROVISION_AGAIN_S = 5.0


class Throttled(Exception):
    """There was no place for an invocation."""


class FunctionPlatform:
    """ASGI app of the front door, and owner of the environments behind it."""

    def __init__(
        self, name: str, config: LocalFunction, environment: dict[str, str], log: PlatformLog, reaper: Reaper
    ) -> None:
        self._name = name
        self._config = config
        self._environment = environment
        self._log = log
        self._reaper = reaper
        self._placement: Placement[Environment] = Placement(
            Rules(config.concurrency, config.scaling_tokens, config.scaling_per_s), time.perf_counter()
        )
        self._by_port: dict[int, Environment] = {}
        self._spare_ports: list[int] = []
        self._rng = random.Random(config.seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._counts = {"invocations": 0, "throttled": 0, "cold": 0, "errors": 0, "reclaimed": 0}
        self._counts |= {"provisioned": 0, "out_of_memory": 0}
        self._provision_after = 0.0
        self._closing = False
        self._retired_cpu_s = 0.0
        self.api = RuntimeApi(name, self._by_port.get)

    def listen(self) -> list[socket.socket]:
        """One Runtime API socket for each environment that may exist at once, as many for those that are just going."""
        listeners = [bind("127.0.0.1", 0) for _ in range(2 * self._config.concurrency)]
        self._spare_ports = [listener.getsockname()[1] for listener in listeners]
        return listeners

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await body_of(scope, receive, send, {"Message": "Request must be smaller than 6291456 bytes"})
        if body is None:
            return
        request_id = str(uuid.uuid4())
        placed = self._place(request_id)
        if isinstance(placed, Refusal):
            await self._throttle(placed, send)
            return
        invocation, work = await self._begin(placed, event_of(scope, body, request_id), request_id)
        await relay(invocation, send)
        await asyncio.shield(work)

    async def invoke(self, event: dict[str, Any]) -> bytes:
        """One invocation by the platform itself; the answer's body. Raises Throttled or InvocationFailed."""
        request_id = str(uuid.uuid4())
        placed = self._place(request_id)
        if isinstance(placed, Refusal):
            raise Throttled(placed.value)
        invocation, work = await self._begin(placed, event, request_id)
        try:
            await invocation.head
            parts = []
            while (part := await invocation.body.get()) is not None:
                if isinstance(part, InvocationFailed):
                    raise part
                parts.append(part)
            return b"".join(parts)
        finally:
            await asyncio.shield(work)

    def _place(self, request_id: str) -> Environment | Refusal | None:
        self._reclaim_idle(time.perf_counter())  # the window ends to the millisecond, not when somebody looks
        placed = self._placement.place(time.perf_counter())
        if isinstance(placed, Refusal):
            self._counts["throttled"] += 1
            self._log.line(f"THROTTLE RequestId: {request_id}\tReason: {placed.value}")
        return placed

    async def _begin(
        self, placed: Environment | None, event: dict[str, Any], request_id: str
    ) -> tuple[Invocation, asyncio.Task[None]]:
        """The invocation on its way, in a new environment where there is no warm one."""
        invocation = Invocation(
            request_id=request_id,
            event=event,
            deadline_unix_ms=int((time.time() + self._config.timeout_s) * 1000),
            head=asyncio.get_running_loop().create_future(),
        )
        while placed is None and not self._spare_ports:
            await asyncio.sleep(0.005)  # many are just going: the next door is free in a moment
        environment = placed or self._create()
        return invocation, self._spawn_task(self._invoke(environment, invocation, cold=placed is None))

    async def _throttle(self, refusal: Refusal, send: Send) -> None:
        body = {"Type": "User", "message": "Rate Exceeded.", "Reason": refusal.value}
        headers = [(b"retry-after", b"%d" % RETRY_AFTER_S), (b"x-amzn-errortype", b"TooManyRequestsException")]
        await reply(send, 429, body, headers)

    def _create(self, *, provisioned: bool = False) -> Environment:
        config = self._config
        port = self._spare_ports.pop()
        environment = Environment(port, self._idle_limit_s(), provisioned=provisioned, freezes=config.freeze)
        self._by_port[environment.port] = environment
        self._counts["provisioned" if provisioned else "cold"] += 1
        self._spawn_task(self._live(environment))
        return environment

    def _idle_limit_s(self) -> float:
        """Drawn for each idle time anew: it is the platform that decides, not the instance that was born with it."""
        jitter = self._config.idle_jitter
        return self._config.idle_s * (1 + self._rng.uniform(-jitter, jitter))

    async def _live(self, environment: Environment) -> None:
        """Stay with an environment until it is gone; an init that fails is repeated once, as Lambda does."""
        while True:
            code = await self._run_process(environment)
            if environment.ready.done() or environment.dead or environment.inits >= MOST_INITS:
                break
            self._note_failed_init(environment)
            environment.inits += 1
        environment.dead = True
        died = environment.init_error or InvocationFailed(
            "Runtime.ExitError", f"Runtime exited with error: {_exit_words(code)}"
        )
        if not environment.ready.done():
            self._note_failed_init(environment)
        environment.give_up(died)
        if environment.current:
            environment.current.fail(died)
        self._by_port.pop(environment.port, None)
        self._spare_ports.append(environment.port)
        if not environment.retired:
            self._placement.drop(environment)

    async def _run_process(self, environment: Environment) -> int | str:
        """One process from its start to its end, whoever ended it; returns its exit code, or why it did not start."""
        kind = "provisioned-concurrency" if environment.provisioned else "on-demand"
        variables = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{environment.port}",
            "AWS_LAMBDA_FUNCTION_NAME": self._name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self._config.memory_mb),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": kind,
            "AWS_REGION": "local",
            "_HANDLER": self._config.command[-1],
            **self._environment,
        }
        try:
            process = await spawn(self._config.command, variables, self._log, self._reaper)
        except OSError as error:
            return str(error)
        environment.process = process
        if environment.dead:  # retired while it was being started
            process.kill()
        code = await process.wait()
        self._retired_cpu_s += process.cpu_s
        e, lived_s = environment, time.perf_counter() - process.started
        self._log.line(instance_line(process.pid, lived_s, e.served, e.init_ms, e.init_cpu_ms, process.cpu_s, e.end))
        return code

    def _note_failed_init(self, environment: Environment) -> None:
        started = environment.process.started if environment.process else environment.born
        status = environment.init_status or "error"
        kind = environment.init_error.kind if environment.init_error else "Runtime.ExitError"
        phase = "init" if environment.inits == 1 else "invoke"
        took_ms = (time.perf_counter() - started) * 1000
        self._log.line(init_report_line(took_ms, phase, status, kind if status == "error" else None))
        environment.init_status = ""

    async def _invoke(self, environment: Environment, invocation: Invocation, *, cold: bool) -> None:
        """Carry one invocation through its environment and write its log lines."""
        self._counts["invocations"] += 1
        environment.current = invocation
        status = ""
        try:
            initialised = not cold or await self._initialised(environment)
            self._log.line(f"START RequestId: {invocation.request_id} Version: $LATEST")
            if not initialised:
                invocation.dispatched = time.perf_counter()  # the second init is part of the invocation
                async with asyncio.timeout(self._config.timeout_s):
                    await asyncio.shield(environment.ready)
            invocation.dispatched = invocation.dispatched or time.perf_counter()
            environment.work.put_nowait(invocation)
            spent_s = time.perf_counter() - invocation.dispatched
            async with asyncio.timeout(max(0.001, self._config.timeout_s - spent_s)):
                await invocation.settled.wait()
        except TimeoutError:
            status = "timeout"
            self._timed_out(environment, invocation)
        except InvocationFailed as error:
            status = "error"
            invocation.fail(error)
        self._close(environment, invocation, status, cold=cold)

    async def _initialised(self, environment: Environment) -> bool:
        """False when the first init failed or took too long; it has then begun anew."""
        deadline = environment.born + self._config.init_timeout_s
        while not environment.ready.done() and environment.inits == 1 and time.perf_counter() < deadline:
            await asyncio.wait([environment.ready], timeout=0.005)
        if environment.ready.done():
            await environment.ready
            return environment.inits == 1
        if environment.inits == 1:
            environment.init_status = "timeout"
            if environment.process:
                environment.process.kill()
        return False

    def _timed_out(self, environment: Environment, invocation: Invocation) -> None:
        text = f"Task timed out after {self._config.timeout_s:.2f} seconds"
        self._log.line(f"{invocation.request_id} {text}")
        invocation.fail(InvocationFailed("Sandbox.Timedout", text, status=504))
        if not environment.ready.done():
            environment.init_status = "timeout"
        self._retire(environment, "timed out")

    def _close(self, environment: Environment, invocation: Invocation, status: str, *, cold: bool) -> None:
        duration_ms = invocation.duration_ms
        if environment.process:
            environment.process.sample()
        if status:
            self._counts["errors"] += 1
        peak = round(environment.process.peak_rss_mb * 1e6 / MIB) if environment.process else 0
        self._log.line(f"END RequestId: {invocation.request_id}")
        init_ms = environment.init_ms if cold and environment.inits == 1 else None
        self._log.line(report_line(invocation.request_id, duration_ms, self._config.memory_mb, peak, init_ms, status))
        environment.current = None
        environment.served += 1
        environment.idle_since = time.perf_counter()
        environment.idle_limit_s = self._idle_limit_s()
        if environment.dead:
            return
        if environment.idle_since - environment.born > self._config.max_age_s:
            self._retire(environment, "maximum age")
        else:
            self._placement.release(environment)

    # -- upkeep, a few times a second

    def reclaim(self) -> None:
        """Kill what has been idle or alive too long or holds too much memory; make provisioned ones up to their number."""
        self._reclaim_idle(time.perf_counter())
        for environment in list(self._by_port.values()):
            if environment.current or not environment.ready.done():
                self._hold_to_memory(environment)
        self._provision()

    def _reclaim_idle(self, now: float) -> None:
        for environment in self._placement.free:
            if now - environment.born > self._config.max_age_s:
                self._counts["reclaimed"] += 1
                self._retire(environment, "maximum age")
            elif not environment.provisioned and now - environment.idle_since > environment.idle_limit_s:
                self._counts["reclaimed"] += 1
                self._retire(environment, "idle")

    def _hold_to_memory(self, environment: Environment) -> None:
        process = environment.process
        if process is None or environment.dead:
            return
        process.sample()
        if process.rss_mb <= self._config.memory_mb * MIB / 1e6:
            return
        request_id = environment.current.request_id if environment.current else "-"
        self._log.line(f"RequestId: {request_id} Error: Runtime exited with error: signal: killed\tRuntime.ExitError")
        self._counts["out_of_memory"] += 1
        environment.init_error = InvocationFailed("Runtime.ExitError", "Runtime exited with error: signal: killed")
        environment.end = "out of memory"
        process.kill()

    def _provision(self) -> None:
        """As many pre-initialised environments as declared; each is free once it is ready."""
        if self._closing or time.perf_counter() < self._provision_after:
            return
        made = sum(e.provisioned and not e.dead for e in self._by_port.values())
        for _ in range(self._config.provisioned - made):
            if self._spare_ports and self._placement.adopt():
                self._spawn_task(self._offer(self._create(provisioned=True)))

    async def _offer(self, environment: Environment) -> None:
        try:
            await asyncio.shield(environment.ready)
        except InvocationFailed:
            self._provision_after = time.perf_counter() + PROVISION_AGAIN_S
            return
        if not environment.dead:
            environment.idle_since = time.perf_counter()
            self._placement.release(environment)

    async def provisioned(self) -> None:
        """Return when every provisioned environment is ready, or one has failed to start."""
        self._provision()
        while not self._closing and time.perf_counter() >= self._provision_after:
            if sum(e.provisioned for e in self._placement.free) >= self._config.provisioned:
                return
            await asyncio.sleep(0.01)

    async def make_cold(self) -> dict[str, str]:
        """Retire every environment and wait until each process is gone; provisioned ones are made anew."""
        self._provision_after = float("inf")
        while self._by_port:
            self.retire_idle()
            await asyncio.sleep(0.01)
        self._provision_after = 0.0
        await self.provisioned()
        ahead = f", {self._config.provisioned} provisioned anew" if self._config.provisioned else ""
        return {"kind": "killed", "method": f"every environment killed{ahead}; the next request starts a new process"}

    def retire_idle(self) -> None:
        """Every environment that has nothing in hand."""
        for environment in self._placement.free:
            self._retire(environment, "made cold")

    def _retire(self, environment: Environment, why: str) -> None:
        """Take an environment out of reach before its process is gone."""
        environment.dead = True
        environment.end = why
        if not environment.retired:  # its place is free from now on, not when its process is gone
            environment.retired = True
            self._placement.drop(environment)
        if environment.process:
            environment.process.sample()
            environment.process.kill()

    def figures(self) -> dict[str, Any]:
        """Counters and resources as of now."""
        live = [e.process for e in self._by_port.values() if e.process]
        for process in live:
            process.sample()
        return {
            "instances": len(self._by_port),
            "in_flight": sum(1 for e in self._by_port.values() if e.current),
            "queued": 0,
            "cpu_s": round(self._retired_cpu_s + sum(p.cpu_s for p in live), 3),
            "rss_mb": round(sum(p.peak_rss_mb for p in live), 1),
            **self._counts,
        }

    async def close(self) -> None:
        """Kill every environment."""
        self._closing = True
        for environment in list(self._by_port.values()):
            self._retire(environment, "closed")
        while self._by_port:
            await asyncio.sleep(0.01)

    def _spawn_task(self, work: Any) -> asyncio.Task[None]:  # noqa: ANN401
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _exit_words(code: int | str) -> str:
    if isinstance(code, int) and code < 0:
        return f"signal: {'killed' if code == -signal.SIGKILL else -code}"
    return f"exit status {code}"
