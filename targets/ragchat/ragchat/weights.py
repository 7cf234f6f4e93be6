"""A model's weights on disk: rehearsed by a file of as many MB, really written, really read into memory at start.

``RAG_WEIGHTS_MB`` says how many. The bytes are seeded, so that every instance has the same. A new host reads them from its
disk or the network, never from its page cache; so the file's pages are dropped before they are read, where the system can
(``posix_fadvise``, Linux), and ``/v1/meta`` says whether they were.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from pathlib import Path

MB = 1 << 20
SEED = 20261127
MOST_MB = 8192


@dataclass(frozen=True)
class Weights:
    """What was read; ``read_ms`` is part of the instance's start."""

    data: bytearray
    read_ms: float
    from_disk: bool  # their pages were dropped first: else the system may have had them in memory

    def told(self) -> dict[str, object]:
        """For /v1/meta."""
        cache = "dropped" if self.from_disk else "kept"
        return {"mb": len(self.data) // MB, "read_ms": round(self.read_ms, 3), "page_cache": cache}


def load(folder: Path, mb: int) -> Weights | None:
    """All of them in memory, the file written first where it is not there; None for none. Raises OSError."""
    if mb == 0:
        return None
    path = written(folder, mb)
    started = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        dropped = _drop(file.fileno())
        data, at = bytearray(mb * MB), 0
        view = memoryview(data)
        while at < len(data):
            got = file.readinto(view[at : at + 8 * MB])
            if not got:
                raise OSError(f"{path} holds {at} bytes, not {len(data)}: delete it")
            at += got
        view.release()
    return Weights(data, (time.perf_counter() - started) * 1000, dropped)


def written(folder: Path, mb: int) -> Path:
    """The file, made whole before it gets its name: of two that start at once one wins, and both are alike."""
    path = folder / f"weights-{mb}.bin"
    if path.is_file() and path.stat().st_size == mb * MB:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".weights-{mb}.{os.getpid()}.partial"
    rng = random.Random(SEED)
    with partial.open("wb") as file:
        for _ in range(mb):
            file.write(rng.randbytes(MB))
        file.flush()
        os.fsync(file.fileno())  # pages that are not on the disk yet cannot be dropped
    partial.replace(path)
    return path


def wanted_mb(text: str, name: str) -> int:
    """Raises ValueError for what is no size."""
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) <= MOST_MB):
        raise ValueError(f"{name}={text}: want a whole number of MB from 0 to {MOST_MB}")
    return int(text)


def _drop(descriptor: int) -> bool:
    """The file's pages out of memory, where the system can."""
    if not hasattr(os, "posix_fadvise"):
        return False
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError:
        return False
    return True
