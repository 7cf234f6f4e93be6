"""One of a kind at a time: two at once would ask everything twice, or measure each other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import Refused, to_write

MEASURING = "measuring.lock"  # of whatever sends load: a run, a sweep, a calibration
COLLECTING = "collect.lock"


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """Hold the lock while inside; raises Refused, naming the holder, when somebody else does.

    It goes with its process, however that ends.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}", to_write(error)) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held, _, process = os.pread(handle, 200, 0).decode("utf-8", "replace").strip().partition("\n")
            who = f"another {held or what} is running in this workspace{f', process {process}' if process else ''}"
            raise Refused(who, "wait for it to end, or stop it") from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{what}\n{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
