"""A worker's way to the master: numbered batches, kept until they are acknowledged, within a bound."""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
import orjson

from harness.domain.sample import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_KEPT_BYTES = 32 * 1024 * 1024
PACK_FROM_BYTES = 4096


class Outbox:
    """Sends batches and remembers those that the master has not acknowledged.

    What exceeds the bound, and what is left at the end, goes to a file of its own that is named once.
    """

    def __init__(self, send: Callable[[dict[str, Any]], None], columns: Sequence[str] = COLUMNS, *, pack: bool) -> None:
        self._send = send
        self._columns = columns
        self._pack = pack
        self._number = 0
        self._kept: dict[int, dict[str, Any]] = {}
        self._kept_bytes = 0
        self.left: Path | None = None
        self.left_rows = 0

    def post(self, lines: list[bytes], gauges: list[list[Any]]) -> None:
        """One batch; compressed outside the event loop where it travels."""
        if not lines and not gauges:
            return
        data = b"".join(line + b"\n" for line in lines)
        packed = self._pack and len(data) > PACK_FROM_BYTES
        if packed:
            data = gevent.get_hub().threadpool.apply(zlib.compress, (data, 1))
        self._number += 1
        batch = {"batch": self._number, "lines": data, "packed": packed, "gauges": gauges}
        self._kept[self._number] = batch
        self._kept_bytes += len(data)
        self._send(batch)
        if self._kept_bytes > MOST_KEPT_BYTES:
            self.leave()

    def acknowledged(self, number: int) -> None:
        if batch := self._kept.pop(number, None):
            self._kept_bytes -= len(batch["lines"])

    def leave(self) -> None:
        """Write what is not acknowledged to a file outside the evidence; nothing when all is."""
        if not self._kept:
            return
        blocks = [unpack(batch) for batch in self._kept.values()]
        if self.left is None:
            handle, name = tempfile.mkstemp(prefix="pilot-unacknowledged-", suffix=".jsonl")
            self.left = Path(name)
            with open(handle, "wb") as file:  # noqa: PTH123 - of an open file
                file.write(orjson.dumps({"columns": self._columns}) + b"\n")
        with self.left.open("ab") as file:
            for block in blocks:
                file.write(block)
        self.left_rows += sum(block.count(b"\n") for block in blocks)
        self._kept, self._kept_bytes = {}, 0


def unpack(batch: dict[str, Any]) -> bytes:
    """The lines of a batch as they were posted."""
    data: bytes = batch["lines"]
    return zlib.decompress(data) if batch["packed"] else data
