"""Runs embedded targets until told to stop, and leaves nothing running, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.domain.target import Target
from harness.errors import PilotError, Refused
from harness.local.asgi import App, Receive, Scope, Send, bind, read_body, reply, server_for
from harness.local.container import ContainerPlatform
from harness.local.event_source import EventSource
from harness.local.function import FunctionPlatform
from harness.local.jobs import JobSide, JobWorkers, fresh
from harness.local.journal import PlatformLog
from harness.local.process import InstanceProcess, spawn
from harness.local.reaper import Reaper
from harness.local.registry import Entry, Registry
from harness.local.router_platform import RouterPlatform
from harness.platforms.local_container.config import LocalContainer
from harness.platforms.local_function.config import LocalFunction
from harness.platforms.local_router.config import LocalRouter
from harness.platforms.shared.embedded_config import SharedProcess
from harness.signals import heeded, leave_terminal, say

NEED_START_S = 20.0
MOST_CONTROL = 4096
Platform = FunctionPlatform | ContainerPlatform | RouterPlatform
Announce = Callable[[Entry], None]


class Supervisor:
    """Owns every process of the targets it was given, in one event loop."""

    def __init__(self, targets: list[Target], state: Path, *, parent: int | None) -> None:
        self._targets = targets
        self._state = state
        self._known = Registry(state)
        self._parent = parent  # the process to end with
        self._stop = asyncio.Event()
        self._reaper = Reaper()
        self._needs: dict[tuple[str, ...], tuple[InstanceProcess, str]] = {}
        self._platforms: dict[str, Platform] = {}
        self._copies: dict[str, list[FunctionPlatform]] = {}
        self._jobs: dict[str, tuple[JobSide, PlatformLog]] = {}
        self._logs: list[PlatformLog] = []
        self._claims: list[int] = []
        self._servers: list[tuple[Any, asyncio.Task[None]]] = []

    async def run(self, announce: Announce) -> None:
        """Start, announce each target, and serve until a signal, ``down``, or the parent's end."""
        loop = asyncio.get_running_loop()
        for name in heeded():
            loop.add_signal_handler(name, self._asked, name)
        entries: list[Entry] = []
        try:
            if await self._unless_asked(self._start_all(entries)):
                asked = {target.name for target in self._targets}
                for entry in entries:
                    if entry.target in asked:
                        announce(entry)
                await self._watch()
        finally:
            await self._shut()
            for claim in self._claims:
                os.close(claim)
            for entry in entries:  # last: pilot down waits for it
                self._known.remove(entry.target)

    def _asked(self, number: signal.Signals) -> None:
        if number is signal.SIGHUP:
            leave_terminal()
        self._stop.set()

    async def _start_all(self, entries: list[Entry]) -> None:
        for target in self._all():
            entries.append(await self._start(target))
            self._known.add(entries[-1])

    def _all(self) -> list[Target]:
        """What was asked for, and the sides of routers that nobody runs yet; a router last, for it needs its sides' URLs."""
        own = {target.name for target in self._targets}
        sides = [side for target in self._targets for side in target.behind if side.embedded]
        lacking = {s.name: s for s in sides if s.name not in own and self._known.get(s.name) is None}
        return sorted([*lacking.values(), *self._targets], key=lambda target: bool(target.behind))

    async def _unless_asked(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether it was done before somebody asked to stop; what it raises is raised."""
        working, asked = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait((working, asked), return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
        if working.done():
            working.result()
            return True
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        return False

    async def _start(self, target: Target) -> Entry:
        if running := self._known.get(target.name):
            raise Refused(f"{target.name} is already up at {running.base_url}", f"pilot down {target.name}")
        claim = self._known.claim(target.name)
        if claim is None:
            raise Refused(
                f"{target.name} is being started by another command",
                f"wait until it is up, or pilot down {target.name} then",
            )
        self._claims.append(claim)
        config = target.runtime
        if not isinstance(config, LocalFunction | LocalContainer | LocalRouter):
            raise Refused(
                f"{target.name} is not an embedded target: there is nothing to start here",
                "pilot check asks it where it is",
            )
        try:
            front = bind("127.0.0.1", config.port)
        except OSError as error:
            raise Refused(
                f"targets/{target.name}/target.toml: runtime.port {config.port} cannot be used: {error.strerror}",
                "free the port, or set port = 0 for any free one",
            ) from None
        log = PlatformLog(self._state / "logs", target.name)
        self._logs.append(log)
        base_url = _url(front)
        lanes: tuple[str, ...] = ()
        if isinstance(config, LocalRouter):
            await self._route(target, front, log)
        else:
            lanes = await self._instances(target.name, config, front, log)
        token = secrets.token_urlsafe(18)
        control = bind("127.0.0.1", 0)
        await self._serve(self._control(target.name, token), [control])
        return Entry(
            target=target.name,
            base_url=base_url,
            lanes=lanes,
            control_url=_url(control),
            token=token,
            pid=os.getpid(),
            started_unix_s=time.time(),
            log=str(log.path),
        )

    async def _instances(
        self, name: str, config: LocalFunction | LocalContainer, front: socket.socket, log: PlatformLog
    ) -> tuple[str, ...]:
        """Served at its door; base URLs of its independent copies."""
        environment = dict(config.environment)
        for need in config.needs:
            environment[need.env] = await self._need(need, log)
        if config.jobs:
            folder = fresh(self._state / "jobs" / name)
            environment |= config.jobs.variables(folder, os.environ.get("RAG_JOBS_SECRET"))
        platform = await self._platform(name, config, environment, log)
        self._platforms[name] = platform
        await self._serve(platform, [front])
        lanes = await self._lanes(name, config, environment, log)
        await self._start_jobs(f"{name}-jobs", config, environment)
        return lanes

    async def _route(self, target: Target, door: socket.socket, log: PlatformLog) -> None:
        """Serve the door by a process of its own, before sides of this supervisor, of another one, or of anybody."""
        up = {side.name: entry.base_url for side in target.behind if (entry := self._known.get(side.name))}
        urls = {side.name: up.get(side.name) or side.base_url or "" for side in target.behind}
        cold = {
            side.name: self._platforms[side.name].make_cold for side in target.behind if side.name in self._platforms
        }
        router = RouterPlatform(target, urls, cold, log, self._reaper)
        self._platforms[target.name] = router
        await router.start(door)

    async def _platform(
        self, name: str, config: LocalFunction | LocalContainer, environment: dict[str, str], log: PlatformLog
    ) -> FunctionPlatform | ContainerPlatform:
        if isinstance(config, LocalFunction):
            function = FunctionPlatform(name, config, environment, log, self._reaper)
            await self._serve(function.api, function.listen())
            await function.provisioned()
            return function
        container = ContainerPlatform(name, config, environment, log, self._reaper)
        self._platforms[name] = container
        await container.start()
        return container

    async def _start_jobs(self, name: str, config: LocalFunction | LocalContainer, environment: dict[str, str]) -> None:
        """Workers of the kind that the platform has, with a log of their own; none where none are declared."""
        if config.jobs is None:
            return
        log = PlatformLog(self._state / "logs", name)
        self._logs.append(log)
        if isinstance(config, LocalContainer):
            self._jobs[name] = JobWorkers(config.jobs, environment, log, self._reaper), log
            return
        source = EventSource(name, config, config.jobs, environment, log, self._reaper)
        self._jobs[name] = source, log
        await self._serve(source.function.api, source.function.listen())
        source.start()

    async def _lanes(
        self, name: str, config: LocalFunction | LocalContainer, environment: dict[str, str], log: PlatformLog
    ) -> tuple[str, ...]:
        """Independent copies of a function, each with a door of its own, for the keep-alive search."""
        urls = []
        copies = self._copies[name] = []
        for number in range(config.lanes if isinstance(config, LocalFunction) else 0):
            assert isinstance(config, LocalFunction)
            alone = replace(config, seed=config.seed + 1 + number, provisioned=0, concurrency=1)
            copy = FunctionPlatform(name, alone, environment, log, self._reaper)
            await self._serve(copy.api, copy.listen())
            door = bind("127.0.0.1", 0)
            await self._serve(copy, [door])
            copies.append(copy)
            urls.append(_url(door))
        return tuple(urls)

    async def _need(self, need: SharedProcess, log: PlatformLog) -> str:
        """Base URL of a process that targets share; it prints one JSON line when ready."""
        if given := os.environ.get(need.env):
            return given
        if need.command in self._needs:
            return self._needs[need.command][1]
        ready = self._state / "logs" / f"{need.name}.log"
        needs_log = PlatformLog(self._state / "logs", need.name)
        self._logs.append(needs_log)
        offset = ready.stat().st_size
        try:
            process = await spawn(need.command, {}, needs_log, self._reaper)
        except OSError as error:
            raise Refused(
                f"{need.name} cannot be started: {error}", "runtime.needs in target.toml names the command"
            ) from None
        deadline = time.perf_counter() + NEED_START_S
        while process.alive and time.perf_counter() < deadline:
            if url := _announced(ready, offset):
                self._needs[need.command] = (process, url)
                return url
            await asyncio.sleep(0.03)
        process.kill()
        raise PilotError(f"{need.name} did not come up within {NEED_START_S:g} s", f"see {ready} and {log.path}")

    def _control(self, name: str, token: str) -> App:
        platform = self._platforms[name]

        async def control(scope: Scope, receive: Receive, send: Send) -> None:
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not secrets.compare_digest(given, b"Bearer " + token.encode()):
                await reply(send, 401, {"error": "wrong token"})
                return
            try:
                await answer(scope, receive, send)
            except PilotError as error:
                await reply(send, 409, {"error": f"{error}; {error.hint}" if error.hint else str(error)})

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            match scope["method"], scope["path"]:
                case "POST", "/cold":
                    await asyncio.gather(*(copy.make_cold() for copy in self._copies.get(name, ())))
                    if found := self._jobs.get(f"{name}-jobs"):
                        found[0].make_cold()
                    await reply(send, 200, await platform.make_cold())
                case "POST", "/split" if isinstance(platform, RouterPlatform):
                    share = json.loads(await read_body(receive, MOST_CONTROL))["share"]
                    await reply(send, 200, await platform.split(share))
                case "GET", "/figures":
                    await reply(send, 200, platform.figures())
                case "POST", "/stop":
                    await reply(send, 200, {"stopping": True})
                    self._stop.set()
                case _:
                    await reply(send, 404, {"error": "no such control"})

        return control

    async def _serve(self, app: App, sockets: list[socket.socket]) -> None:
        server = server_for(app)
        task = asyncio.create_task(server.serve(sockets=sockets))
        self._servers.append((server, task))
        while not server.started and not task.done():
            await asyncio.sleep(0.005)

    async def _watch(self) -> None:
        """Reclaim idle environments, write figures, and notice the end of the parent or of a need."""
        next_figures = time.monotonic()
        gone: set[int] = set()
        while not self._stop.is_set():
            for command, (process, _) in self._needs.items():
                if not process.alive and process.pid not in gone:
                    gone.add(process.pid)
                    say(
                        f"{command[-1]}, which targets need, ended with {process.returncode}: pilot down, then up again"
                    )
            for platform in (*self._platforms.values(), *(c for copies in self._copies.values() for c in copies)):
                platform.reclaim()
            for side, _ in self._jobs.values():
                side.reclaim()
            if time.monotonic() >= next_figures:
                next_figures += 1.0
                for (_, platform), log in zip(self._platforms.items(), self._target_logs(), strict=True):
                    log.figures(platform.figures())
                for side, log in self._jobs.values():
                    log.figures(side.figures())
            if self._parent is not None and os.getppid() != self._parent:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await self._stop.wait()

    def _target_logs(self) -> list[PlatformLog]:
        return [log for log in self._logs if log.path.stem in self._platforms]

    async def _shut(self) -> None:
        for side, _ in self._jobs.values():
            await side.close()
        for platform in (*self._platforms.values(), *(c for copies in self._copies.values() for c in copies)):
            await platform.close()
        for process, _ in self._needs.values():
            process.kill()
        for server, task in self._servers:
            server.force_exit = server.should_exit = True
            task.cancel()
        await asyncio.gather(*(task for _, task in self._servers), return_exceptions=True)
        for log in self._logs:
            log.close()
        self._reaper.close()


def _announced(path: Path, offset: int) -> str | None:
    with path.open("rb") as file:
        file.seek(offset)
        for line in file.read().split(b"\n"):
            try:
                data = json.loads(line)
            except ValueError:
                continue
            if isinstance(data, dict) and "base_url" in data:
                return str(data["base_url"])
    return None


def _url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"
