"""What control planes share that settle some time after they were asked."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from harness.domain.target import Cold, Runtime, RuntimeConfig, Target
from harness.errors import PilotError
from harness.platforms.platform import Control
from harness.platforms.shared.ready import wait_ready

C = TypeVar("C", bound=RuntimeConfig)


class Settling(ABC, Generic[C]):
    """A target behind ``api``, a client of its control plane; ``config`` says which it is, ``clock`` and ``sleep`` pace the waiting."""

    def __init__(
        self,
        target: Target,
        config: C,
        base_url: str,
        api: Any,  # noqa: ANN401 - boto3 makes its clients at run time
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._target = target
        self._config = config
        self._base_url = base_url
        self._api = api
        self._clock = clock
        self._sleep = sleep

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Without account ids, names of projects or a value of any variable; raises PilotError where it cannot be read."""

    @abstractmethod
    def make_cold(self) -> Cold:
        """Raises PilotError when the control plane refuses or does not settle."""

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


def controlling(make: type[Settling[C]], config: type[C], api: Callable[[C], Any]) -> Control:
    """The control side of targets with this [runtime]; ``api`` makes the client."""

    def control(target: Target, root: Path, base_url: str) -> Runtime:
        del root
        mine = target.runtime
        assert isinstance(mine, config)
        return make(target, mine, base_url, api(mine))

    return control
