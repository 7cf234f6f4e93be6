"""Waits for an event, not for seconds: a busy machine is only later."""

import time
from collections.abc import Callable
from typing import TypeVar

Said = TypeVar("Said")


def until(true: Callable[[], Said], within_s: float = 60.0) -> Said:
    """What it says once that is something; fails where it is nothing for so long."""
    deadline = time.monotonic() + within_s
    while not (said := true()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return said
