"""The embedded function: a front door shaped like a function URL over real processes, placed as Lambda places."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
import socket
import time
import uuid
from typing import Any

from harness.domain.target import LocalFunction
from harness.local.asgi import HOP_BY_HOP, Disconnected, Receive, Scope, Send, TooLarge, bind, read_body, reply
from harness.local.environment import Environment, Invocation, InvocationFailed
from harness.local.journal import PlatformLog, report_line
from harness.local.placement import Placement, Refusal, Rules
from harness.local.process import spawn
from harness.local.reaper import Reaper
from harness.local.runtime_api import RuntimeApi

MAX_REQUEST = 6 * 1024 * 1024
RETRY_AFTER_S = 1


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
        self._retired_cpu_s = 0.0
        self.api = RuntimeApi(name, self._by_port.get)

    def listen(self) -> list[socket.socket]:
        """One Runtime API socket for each environment that may exist at once."""
        listeners = [bind("127.0.0.1", 0) for _ in range(self._config.concurrency)]
        self._spare_ports = [listener.getsockname()[1] for listener in listeners]
        return listeners

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await read_body(receive, MAX_REQUEST)
        except TooLarge:
            await reply(send, 413, {"Message": "Request must be smaller than 6291456 bytes"})
            return
        except Disconnected:
            return
        request_id = str(uuid.uuid4())
        placed = self._placement.place(time.perf_counter())
        if isinstance(placed, Refusal):
            await self._throttle(placed, request_id, send)
            return
        invocation = Invocation(
            request_id=request_id,
            event=_event(scope, body, request_id),
            deadline_unix_ms=int((time.time() + self._config.timeout_s) * 1000),
            head=asyncio.get_running_loop().create_future(),
        )
        environment = placed or self._create()
        work = self._spawn_task(self._invoke(environment, invocation, cold=placed is None))
        await _relay(invocation, send)
        await asyncio.shield(work)

    async def _throttle(self, refusal: Refusal, request_id: str, send: Send) -> None:
        self._counts["throttled"] += 1
        self._log.line(f"THROTTLE RequestId: {request_id}\tReason: {refusal.value}")
        body = {"Type": "User", "message": "Rate Exceeded.", "Reason": refusal.value}
        headers = [(b"retry-after", b"%d" % RETRY_AFTER_S), (b"x-amzn-errortype", b"TooManyRequestsException")]
        await reply(send, 429, body, headers)

    def _create(self) -> Environment:
        config = self._config
        jitter = 1 + self._rng.uniform(-config.idle_jitter, config.idle_jitter)
        environment = Environment(self._spare_ports.pop(), config.idle_s * jitter)
        self._by_port[environment.port] = environment
        self._counts["cold"] += 1
        self._spawn_task(self._run_process(environment))
        return environment

    async def _run_process(self, environment: Environment) -> None:
        """Start the process and stay with it until it is gone, whoever ended it."""
        variables = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{environment.port}",
            "AWS_LAMBDA_FUNCTION_NAME": self._name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self._config.memory_mb),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": "local",
            "_HANDLER": self._config.command[-1],
            **self._environment,
        }
        code: int | str
        try:
            environment.process = await spawn(self._config.command, variables, self._log, self._reaper)
            code = await environment.process.wait()
        except OSError as error:
            code = str(error)
        environment.dead = True
        died = InvocationFailed("Runtime.ExitError", f"Runtime exited with error: exit status {code}")
        environment.fail_init(died)
        if environment.current:
            environment.current.fail(died)
        if environment.process:
            self._retired_cpu_s += environment.process.cpu_s
        self._by_port.pop(environment.port, None)
        self._spare_ports.append(environment.port)
        self._placement.drop(environment)

    async def _invoke(self, environment: Environment, invocation: Invocation, *, cold: bool) -> None:
        """Carry one invocation through its environment and write its log lines."""
        self._counts["invocations"] += 1
        environment.current = invocation
        status = ""
        try:
            if cold:
                async with asyncio.timeout(self._config.init_timeout_s):
                    await asyncio.shield(environment.ready)
            self._log.line(f"START RequestId: {invocation.request_id} Version: $LATEST")
            invocation.dispatched = time.perf_counter()
            environment.work.put_nowait(invocation)
            async with asyncio.timeout(self._config.timeout_s):
                await invocation.settled.wait()
        except TimeoutError:
            status = "timeout"
            self._timed_out(environment, invocation)
        except InvocationFailed as error:
            status = "error"
            invocation.fail(error)
        self._close(environment, invocation, status, cold=cold)

    def _timed_out(self, environment: Environment, invocation: Invocation) -> None:
        limit = self._config.timeout_s if invocation.dispatched else self._config.init_timeout_s
        text = f"Task timed out after {limit:.2f} seconds"
        self._log.line(f"{invocation.request_id} {text}")
        invocation.fail(InvocationFailed("Sandbox.Timedout", text, status=504))
        if environment.process:
            environment.process.kill()

    def _close(self, environment: Environment, invocation: Invocation, status: str, *, cold: bool) -> None:
        duration_ms = invocation.duration_ms
        if environment.process:
            environment.process.sample()
        if status:
            self._counts["errors"] += 1
        peak = round(environment.process.peak_rss_mb) if environment.process else 0
        self._log.line(f"END RequestId: {invocation.request_id}")
        init_ms = environment.init_ms if cold else None
        self._log.line(report_line(invocation.request_id, duration_ms, self._config.memory_mb, peak, init_ms, status))
        environment.current = None
        environment.served += 1
        environment.idle_since = time.perf_counter()
        if not environment.dead and status != "timeout":
            self._placement.release(environment)

    def reclaim(self) -> None:
        """Kill environments that have been idle longer than their limit."""
        now = time.perf_counter()
        for environment in self._placement.free:
            if now - environment.idle_since > environment.idle_limit_s and environment.process:
                self._counts["reclaimed"] += 1
                self._retire(environment)

    async def make_cold(self) -> str:
        """Retire every idle environment and wait until each process is gone."""
        while self._placement.count:
            for environment in self._placement.free:
                self._retire(environment)
            await asyncio.sleep(0.01)
        return "every environment killed; the next request starts a new process"

    def _retire(self, environment: Environment) -> None:
        """Take a free environment out of reach before its process is gone."""
        environment.dead = True
        with contextlib.suppress(ValueError):
            self._placement.take(environment)
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
        for environment in list(self._by_port.values()):
            if environment.process:
                environment.process.kill()
        while self._by_port:
            await asyncio.sleep(0.01)

    def _spawn_task(self, work: Any) -> asyncio.Task[None]:  # noqa: ANN401
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _relay(invocation: Invocation, send: Send) -> None:
    """Head and body to the client; a failure after the head cuts the stream, as the platform would."""
    try:
        head = await asyncio.shield(invocation.head)
    except InvocationFailed as error:
        status = error.status
        await reply(send, status, {"Message": "Internal Server Error" if status == 502 else str(error)})
        return
    await send({"type": "http.response.start", "status": head.status, "headers": head.headers})
    while (part := await invocation.body.get()) is not None:
        if isinstance(part, InvocationFailed):
            return  # uvicorn closes the connection without the last chunk
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _event(scope: Scope, body: bytes, request_id: str) -> dict[str, Any]:
    """A function URL event, payload format 2.0."""
    headers = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name not in HOP_BY_HOP
    }
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    now = time.time()
    text = _text(body)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": headers.get("host", "localhost"),
            "domainPrefix": "local",
            "http": {
                "method": scope["method"],
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "body": base64.b64encode(body).decode() if text is None else text,
        "isBase64Encoded": text is None,
    }


def _text(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None
