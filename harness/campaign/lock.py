"""One of a kind at a time: a second ``pilot collect`` from cron must not ask everything twice."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import Refused


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """Hold the lock while inside; raises Refused when somebody else does. It goes with its process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"another {what} is running in this workspace", "wait for it to end") from None
        yield
    finally:
        os.close(handle)
