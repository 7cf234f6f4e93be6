"""The supervisor's side of a router: its process, its figures, its split, and the coldness of what lies behind it."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import secrets
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import httpx

from harness.domain.header_names import lowered
from harness.domain.target import Target
from harness.errors import PilotError
from harness.local.asgi import bind
from harness.local.journal import PlatformLog, instance_line
from harness.local.process import InstanceProcess, spawn
from harness.local.reaper import Reaper
from harness.local.router import TOLD, SideTold, Told
from harness.local.routing import PRIMARY, SECONDARY
from harness.platforms.local_router.config import LocalRouter

START_S = 20.0
FIGURES_EVERY_S = 0.5
MakeCold = Callable[[], Awaitable[Mapping[str, str]]]


class RouterPlatform:
    """One router's process; ``cold`` makes a side cold that the same supervisor runs."""

    def __init__(
        self, target: Target, urls: Mapping[str, str], cold: Mapping[str, MakeCold], log: PlatformLog, reaper: Reaper
    ) -> None:
        assert isinstance(target.runtime, LocalRouter)
        self._target = target
        self._rules = target.runtime
        self._urls = urls
        self._cold = cold
        self._log = log
        self._reaper = reaper
        self._token = secrets.token_urlsafe(18)
        self._process: InstanceProcess | None = None
        self._latest: dict[str, Any] = {}
        self._asking: asyncio.Task[None] | None = None
        self._client = httpx.AsyncClient(timeout=5.0, trust_env=False)
        self._control_url = ""

    async def start(self, door: socket.socket) -> None:
        """Return when it answers; raises PilotError when it does not."""
        control = bind("127.0.0.1", 0)
        self._control_url = f"http://127.0.0.1:{control.getsockname()[1]}"
        told = Told(
            rules=dataclasses.asdict(self._rules),
            sides=dict(zip((PRIMARY, SECONDARY), map(self._side, self._target.behind), strict=True)),
            names={n: v.decode("latin-1") for n, v in lowered(self._target.header_names)._asdict().items()},
            token=self._token,
            door=door.fileno(),
            control=control.fileno(),
        )
        variables = {of for side in self._target.behind for of in side.headers_from_env.values()}
        environment = {name: os.environ[name] for name in variables if name in os.environ}
        command = [sys.executable, "-P", "-m", "harness.local.router"]
        with control:  # the process has its own copies of both
            self._process = await spawn(
                command, {**environment, TOLD: told.text()}, self._log, self._reaper, (told.door, told.control)
            )
        door.close()
        await self._until_it_answers(self._process)
        self._asking = asyncio.create_task(self._keep_asking())

    def _side(self, side: Target) -> SideTold:
        return SideTold(side.name, self._urls[side.name], side.headers, side.headers_from_env, side.ca_file)

    async def _until_it_answers(self, process: InstanceProcess) -> None:
        deadline = time.perf_counter() + START_S
        while process.alive and time.perf_counter() < deadline:
            with suppress(httpx.HTTPError):
                self._latest = await self._ask("GET", "/figures")
                return
            await asyncio.sleep(0.03)
        raise PilotError(
            f"{self._target.name}: the router did not answer within {START_S:g} s", f"see {self._log.path}"
        )

    async def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = await self._client.request(method, self._control_url + path, headers=headers, json=body)
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said

    async def _keep_asking(self) -> None:
        while True:
            await asyncio.sleep(FIGURES_EVERY_S)
            with suppress(httpx.HTTPError):
                self._latest = await self._ask("GET", "/figures")

    async def split(self, share: float) -> dict[str, Any]:
        """The share that the canary's side gets from now on; raises PilotError."""
        if self._rules.canary is None:
            raise PilotError(f"{self._target.name} has no canary split", "add [runtime.canary] to its target.toml")
        try:
            said = await self._ask("POST", "/split", {"share": share})
        except httpx.HTTPError as error:
            raise PilotError(
                f"{self._target.name}: the router did not change its split ({error})", "pilot down, then up again"
            ) from None
        self._log.line(f"SPLIT Share: {said['share']:g}")
        return said

    async def make_cold(self) -> dict[str, str]:
        """Both sides; raises PilotError for one that runs elsewhere."""
        elsewhere = [side.name for side in self._target.behind if side.name not in self._cold]
        if elsewhere:
            raise PilotError(
                f"{' and '.join(elsewhere)}, behind {self._target.name}, run elsewhere: nobody here makes them cold",
                "make them cold by their own targets",
            )
        made = await asyncio.gather(*(self._cold[side.name]() for side in self._target.behind))
        said = [f"{side.name}: {one['method']}" for side, one in zip(self._target.behind, made, strict=True)]
        return {"kind": made[0]["kind"], "method": "; ".join(said)}

    def reclaim(self) -> None:
        """A router keeps nothing that it could give back."""

    def figures(self) -> dict[str, Any]:
        """Of its process, and what it counted up to half a second ago."""
        own = {"instances": 0, "cpu_s": 0.0, "rss_mb": 0.0}
        if self._process is not None and self._process.alive:
            self._process.sample()
            own = {"instances": 1, "cpu_s": round(self._process.cpu_s, 3), "rss_mb": round(self._process.rss_mb, 1)}
        return {**self._latest, **own}

    async def close(self) -> None:
        """End the process."""
        if self._asking is not None:
            self._asking.cancel()
        if self._process is not None:
            self._process.sample()
            self._process.kill()
            code = await self._process.wait()
            lived_s = time.perf_counter() - self._process.started
            served = int(self._latest.get("routed_primary", 0)) + int(self._latest.get("routed_secondary", 0))
            end = "closed" if code in (0, -9) else f"exited with status {code}"
            self._log.line(instance_line(self._process.pid, lived_s, served, None, None, self._process.cpu_s, end))
        await self._client.aclose()
