"""What control planes share that settle some time after they were asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from harness.domain.target import Target
from harness.errors import PilotError
from harness.platforms.shared.ready import wait_ready


class Settling:
    """A target behind ``api``, a client of its control plane; ``clock`` and ``sleep`` pace the waiting."""

    def __init__(
        self,
        target: Target,
        base_url: str,
        api: Any,  # noqa: ANN401 - boto3 makes its clients at run time
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._target = target
        self._base_url = base_url
        self._api = api
        self._clock = clock
        self._sleep = sleep

    def wait_ready(self) -> None:
        wait_ready(self._target, self._base_url)

    def _until(self, what: str, ended: Callable[[], bool], within_s: float, poll_s: float) -> None:
        """Raises PilotError when it does not end in time."""
        deadline = self._clock() + within_s
        while not ended():
            if self._clock() > deadline:
                raise PilotError(
                    f"{self._target.name}: {what} did not settle within {within_s:g} s",
                    "look at its control plane; a slow change can be waited for and tried again",
                )
            self._sleep(poll_s)
