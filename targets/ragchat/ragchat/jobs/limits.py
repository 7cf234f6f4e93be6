"""What one attempt may use, and the thread that holds it to that.

A platform that kills at its limit leaves no word about why. So the limit is met just before: the attempt's end is told
as ``time_limit`` or ``memory_limit``, and the process ends itself, as the platform would have ended it.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ragchat.jobs.contract import JobError, Status
from ragchat.jobs.queues import Held, Message
from ragchat.jobs.settings import JobSettings
from ragchat.jobs.store import Claim, LeaseLost, Store

log = logging.getLogger("ragchat.jobs")
TICK_S = 0.02
MARGIN_S, MARGIN_SHARE = 0.5, 0.1  # before a platform's deadline, the shorter of the two
MEMORY_SHARE = 0.95  # of a platform's memory limit
BEATS = 3  # a lease is renewed so often in its time
ENDED_BY_LIMIT = 75  # exit status
_MIB = 1 << 20
_STATM = Path("/proc/self/statm")


class Cancelled(Exception):
    """Somebody cancelled the job that is being worked on."""


@dataclass(frozen=True)
class Limits:
    """Of one attempt; ``deadline`` on ``time.monotonic``. None is no limit."""

    deadline: float | None = None
    time_limit_s: float | None = None
    memory_mib: float | None = None

    @classmethod
    def of(cls, settings: JobSettings, platform_deadline: float | None) -> Limits:
        """The platform's deadline less a margin to speak in, or the deployment's own limit, whichever comes first."""
        now = time.monotonic()
        ends = []
        if platform_deadline is not None:
            left = max(0.0, platform_deadline - now)
            ends.append((now + left - min(MARGIN_S, MARGIN_SHARE * left), left))
        if settings.time_limit_s is not None:
            ends.append((now + settings.time_limit_s, settings.time_limit_s))
        deadline, limit_s = min(ends) if ends else (None, None)
        memory = settings.memory_limit_mib
        return cls(deadline, limit_s, None if memory is None else MEMORY_SHARE * memory)


def memory_mib() -> float:
    """Resident memory of this process; where the system does not tell it, the most it ever was."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MIB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (_MIB if sys.platform == "darwin" else 1024)


class Attempt:
    """One claim being worked on: keeps its lease, hears of a cancellation, and ends the process at a limit."""

    def __init__(
        self,
        store: Store,
        claim: Claim,
        held: tuple[Held, Message],
        settings: JobSettings,
        limits: Limits,
        leave: Callable[[int], None] = os._exit,
    ) -> None:
        self._store, self._claim, self._settings, self._limits = store, claim, settings, limits
        self._queue, self._message = held
        self._leave = leave
        self._over = threading.Event()
        self._cancelled = self._lost = False
        self._thread = threading.Thread(target=self._watch, name="attempt", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def check(self) -> None:
        """For work to call between its steps; raises Cancelled or LeaseLost."""
        if self._cancelled:
            raise Cancelled
        if self._lost:
            raise LeaseLost

    def _watch(self) -> None:
        beat_s = self._settings.visibility_s / BEATS
        next_beat = time.monotonic() + beat_s
        while not self._over.wait(TICK_S):
            now = time.monotonic()
            if error := self._passed(now):
                self._end(error)
                return
            if now >= next_beat:
                next_beat = now + beat_s
                self._beat()

    def _passed(self, now: float) -> JobError | None:
        limits = self._limits
        if limits.deadline is not None and now >= limits.deadline:
            words = f"the attempt reached the time limit of {limits.time_limit_s:.1f} s"
            return JobError("time_limit", words, again=True)
        if limits.memory_mib is not None and (used := memory_mib()) > limits.memory_mib:
            words = f"the attempt used {used:.0f} MiB of the memory limit of {limits.memory_mib / MEMORY_SHARE:.0f} MiB"
            return JobError("memory_limit", words, again=True)
        return None

    def _beat(self) -> None:
        try:
            self._queue.delay(self._message.receipt, self._settings.visibility_s)
            self._cancelled |= self._store.renew(self._claim, self._settings.visibility_s)
        except LeaseLost:
            self._lost = True
        except Exception:
            log.exception("the lease of %s was not renewed", self._claim.id)  # the next beat tries again

    def _end(self, error: JobError) -> None:
        try:
            status = self._store.fail(self._claim, error)
            if status is Status.QUEUED:
                self._queue.delay(self._message.receipt, self._settings.backoff_after(self._claim.attempts))
            else:
                self._queue.delete(self._message.receipt)
        except LeaseLost:
            return  # it was published in the meantime, or is somebody else's
        except Exception:
            log.exception("the end of %s could not be told", self._claim.id)
        log.error("%s: %s", self._claim.id, error.message)
        self._leave(ENDED_BY_LIMIT)
