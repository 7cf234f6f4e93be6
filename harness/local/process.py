"""One instance: an OS process in a group of its own, with its output in the platform's log."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence

import psutil

from harness.local.journal import PlatformLog
from harness.local.reaper import Reaper

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME", "SYSTEMROOT", "PYTHONHASHSEED", "SSL_CERT_FILE")


class InstanceProcess:
    """A started process; its peak memory and CPU time are sampled, never guessed."""

    def __init__(self, process: asyncio.subprocess.Process, reaper: Reaper) -> None:
        self._process = process
        self._reaper = reaper
        self._ps: psutil.Process | None = None
        with contextlib.suppress(psutil.Error):
            self._ps = psutil.Process(process.pid)
        self.started = time.perf_counter()
        self.peak_rss_mb = 0.0
        self.rss_mb = 0.0
        self.cpu_s = 0.0
        self._frozen = False
        reaper.watch(process.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    async def wait(self) -> int:
        code = await self._process.wait()
        self._reaper.forget(self.pid)
        return code

    def say(self, line: str) -> None:
        """To one that talks; one that has ended does not hear it."""
        if self._process.stdin and self.alive:
            self._process.stdin.write(line.encode() + b"\n")

    async def hear(self) -> str:
        """Its next line; empty at its end."""
        return (await self._process.stdout.readline()).decode() if self._process.stdout else ""

    def sample(self) -> None:
        """Note memory and CPU time as of now; a dead process keeps its last figures."""
        if self._ps is None:
            return
        with contextlib.suppress(psutil.Error), self._ps.oneshot():
            self.rss_mb = self._ps.memory_info().rss / 1e6
            self.peak_rss_mb = max(self.peak_rss_mb, self.rss_mb)
            times = self._ps.cpu_times()
            self.cpu_s = times.user + times.system

    def kill(self) -> None:
        """SIGKILL to the whole group: a platform does not ask."""
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop the whole group: no background work between invocations."""
        if not self._frozen:
            self._frozen = True
            self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._frozen:
            self._frozen = False
            self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


async def spawn(
    command: Sequence[str], environment: Mapping[str, str], log: PlatformLog, reaper: Reaper, *, talks: bool = False
) -> InstanceProcess:
    """Start one instance with a small, declared environment; raises OSError when it cannot start.

    One that ``talks`` hears and says lines on pipes; its errors go to the log as everybody's.
    """
    base = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable if part == "{python}" else part for part in command),
        env={**base, "PYTHONUNBUFFERED": "1", **environment},
        stdin=asyncio.subprocess.PIPE if talks else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE if talks else log.fileno(),
        stderr=log.fileno(),
        start_new_session=True,
    )
    return InstanceProcess(process, reaper)
