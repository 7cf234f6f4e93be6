"""Waiting for a cloud: how often it is asked, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import PilotError


@dataclass(frozen=True)
class Pace:
    """``clock`` and ``sleep`` are given in tests."""

    poll_s: float = 5.0
    stack_s: float = 5400.0
    build_s: float = 2400.0
    settle_s: float = 60.0  # until what was just made or removed is seen by the next call
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def until(self, what: str, ended: Callable[[], bool], within_s: float) -> None:
        """Raises PilotError when it does not end in time; what goes on there goes on."""
        deadline = self.clock() + within_s
        while not ended():
            if self.clock() > deadline:
                raise PilotError(
                    f"{what} did not end within {within_s / 60:g} minutes",
                    "the same command again goes on waiting for it",
                )
            self.sleep(self.poll_s)
