"""The spool: samples as they come, a JSON line each, appended whole or not at all, readable after any crash.

Afterwards it is read in the order of ``seq`` with one offset a sample in memory,
however many there are.
"""

from __future__ import annotations

import mmap
import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from harness.evidence.regular import append_whole, opened

ABSENT = -1


class Spool:
    """Append-only; what the disk refused is kept in memory and given to the reader all the same."""

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.kept: list[bytes] = []
        append_whole(self._file, orjson.dumps(head) + b"\n")

    def append(self, lines: bytes) -> OSError | None:
        """Lines end with a newline each; returns the error when they could not be written whole."""
        try:
            append_whole(self._file, lines)
        except OSError as error:
            self.kept.append(lines)
            return error
        return None

    def close(self) -> None:
        os.close(self._file)


class SpoolReader:
    """Rows by ``seq``; a line that is torn or foreign is skipped, of two for one ``seq`` the last counts."""

    def __init__(self, path: Path, planned: int, kept: Iterable[bytes] = ()) -> None:
        self._offsets = array("q", [ABSENT]) * planned
        self._kept: dict[int, bytes] = {}
        with opened(path) as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        for start, end in _lines(self._map):
            seq = _seq(self._map[start : min(end, start + 24)])
            if seq is not None and seq < planned:
                self._offsets[seq] = start
        for block in kept:
            for line in block.split(b"\n"):
                seq = _seq(line[:24])
                if seq is not None and seq < planned:
                    self._kept[seq] = line

    def row(self, seq: int) -> list[Any] | None:
        """None when nobody reported it."""
        if (line := self._kept.get(seq)) is None:
            start = self._offsets[seq]
            if start == ABSENT:
                return None
            line = self._map[start : self._map.find(b"\n", start)]
        try:
            row = orjson.loads(line)
        except ValueError:
            return None
        return row if isinstance(row, list) else None

    def chunks(self, size: int) -> Iterator[list[list[Any] | None]]:
        """All rows in order, ``size`` at a time."""
        planned = len(self._offsets)
        for first in range(0, planned, size):
            yield [self.row(seq) for seq in range(first, min(planned, first + size))]

    def close(self) -> None:
        self._map.close()


def _lines(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Start and end of every whole line."""
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        yield start, end
        start = end + 1


def _seq(line: bytes | Sequence[int]) -> int | None:
    text = bytes(line)
    if text[:1] != b"[":
        return None  # the head
    try:
        return int(text[1 : text.index(b",")])
    except ValueError:
        return None
