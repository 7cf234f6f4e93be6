"""Work that is done later, on the embedded container platform: workers that ask the queue, kept running."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Protocol

from harness.local.journal import PlatformLog
from harness.local.process import InstanceProcess, spawn
from harness.local.reaper import Reaper
from harness.platforms.local_container.config import ContainerJobs

RESTART_S = 0.2
MIB = 1024 * 1024


class JobSide(Protocol):
    """What a supervisor does with either platform's workers."""

    def reclaim(self) -> None:
        """Called a few times a second: hold them to their limits."""
        ...

    def make_cold(self) -> None:
        """Nothing warm is left of what scales to zero."""
        ...

    def figures(self) -> dict[str, Any]: ...

    async def close(self) -> None: ...


class JobWorkers:
    """A fixed number of processes; one that ends is started again, one above its memory is killed."""

    def __init__(self, config: ContainerJobs, environment: dict[str, str], log: PlatformLog, reaper: Reaper) -> None:
        self._config = config
        limit = {} if config.time_limit_s is None else {"RAG_JOBS_TIME_LIMIT_S": f"{config.time_limit_s:g}"}
        self._environment = {**environment, "RAG_JOBS_MEMORY_MB": str(config.memory_mb), **limit}
        self._log, self._reaper = log, reaper
        self._running: dict[int, InstanceProcess] = {}
        self._closing = False
        self._retired_cpu_s = 0.0
        self._counts = {"restarts": 0, "out_of_memory": 0}
        self._keepers = [asyncio.create_task(self._keep(number)) for number in range(config.workers)]

    async def _keep(self, number: int) -> None:
        while not self._closing:
            process = await spawn(self._config.command, self._environment, self._log, self._reaper)
            self._running[number] = process
            code = await process.wait()
            del self._running[number]
            self._retired_cpu_s += process.cpu_s
            lived_s = time.perf_counter() - process.started
            end = "closed" if self._closing else f"exited with status {code}"
            self._log.line(
                f"JOB WORKER Pid: {process.pid}\tLived: {lived_s:.3f} s\tCPU: {process.cpu_s:.3f} s\tEnd: {end}"
            )
            if not self._closing:
                self._counts["restarts"] += 1
                await asyncio.sleep(RESTART_S)

    def reclaim(self) -> None:
        for process in self._running.values():
            process.sample()
            if process.rss_mb > self._config.memory_mb * MIB / 1e6:
                self._counts["out_of_memory"] += 1
                process.kill()

    def make_cold(self) -> None:
        """They are always warm: there is nothing to do."""

    def figures(self) -> dict[str, Any]:
        live = list(self._running.values())
        for process in live:
            process.sample()
        return {
            "instances": len(live),
            "cpu_s": round(self._retired_cpu_s + sum(p.cpu_s for p in live), 3),
            "rss_mb": round(sum(p.peak_rss_mb for p in live), 1),
            **self._counts,
        }

    async def close(self) -> None:
        """Kill every worker; what it had in hand is seen again by whoever opens the queue next."""
        self._closing = True
        for process in self._running.values():
            process.kill()
        for number, keeper in enumerate(self._keepers):
            if number not in self._running:
                keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)


def fresh(folder: Path) -> Path:
    """An empty folder for a queue: what an earlier start left belongs to that one."""
    if folder.is_dir():
        for left in folder.iterdir():
            left.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
