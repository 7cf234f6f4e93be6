"""Which embedded targets are up in this workspace: one small file each, removed when they go."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Entry:
    """A running target: where it listens, who runs it, and the key to its control port."""

    target: str
    base_url: str
    control_url: str
    token: str
    pid: int
    started_unix_s: float
    log: str
    lanes: tuple[str, ...] = ()


class Registry:
    """Files under the workspace's state folder, readable by their owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, entry: Entry) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(entry.target)
        partial = path.with_suffix(".partial")
        fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            json.dump(asdict(entry), file)
        partial.replace(path)

    def claim(self, target: str) -> int | None:
        """An open file that keeps others from starting it until it is closed, or its process ends; None: somebody has it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        held = os.open(self._folder / f"{target}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            return None
        return held

    def get(self, target: str) -> Entry | None:
        """The entry of a target that is really up; a dead one's file is removed."""
        try:
            entry = Entry(**json.loads(self._path(target).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        if not _alive(entry):
            self.remove(target)
            return None
        return entry

    def all(self) -> list[Entry]:
        names = sorted(p.stem for p in self._folder.glob("*.json")) if self._folder.is_dir() else []
        return [entry for name in names if (entry := self.get(name))]

    def remove(self, target: str) -> None:
        with contextlib.suppress(OSError):
            self._path(target).unlink()

    def _path(self, target: str) -> Path:
        return self._folder / f"{target}.json"


def _alive(entry: Entry) -> bool:
    try:
        return psutil.Process(entry.pid).create_time() <= entry.started_unix_s + 1
    except psutil.Error:
        return False
