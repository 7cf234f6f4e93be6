"""One of a kind at a time: two campaigns would measure each other, two ``pilot collect`` from cron ask everything twice."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import Refused

CAMPAIGN = "campaign.lock"  # of whatever loads targets: pilot run, sweep and calibrate
MOST_BYTES = 4096


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """Hold the lock while inside; raises Refused when somebody else does. It goes with its process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"{_holder(handle, what)} is running in this workspace", "wait for it to end") from None
        said = {"what": what, "pid": os.getpid(), "since_utc": datetime.now(UTC).isoformat(timespec="seconds")}
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(said).encode(), 0)
        yield
    finally:
        os.close(handle)


def _holder(handle: int, what: str) -> str:
    """As it wrote itself down; what was asked for where that cannot be read."""
    try:
        said = json.loads(os.pread(handle, MOST_BYTES, 0))
        return f"{said['what']} (process {int(said['pid'])}, since {said['since_utc']})"
    except (OSError, ValueError, LookupError, TypeError):
        return f"another {what}"
