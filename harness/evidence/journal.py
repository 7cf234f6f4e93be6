"""The journal: every event of a campaign as a line that holds on to those before it, and the digests beside what it is about.

An event that names files is written twice: here, and into ``digests.jsonl`` of each of their folders. Those lines follow from
one another through all folders and say how far the journal was, so that no one file can be lost or changed unseen.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.domain.lines import lines_of
from harness.domain.shown import harmless
from harness.errors import BadFile, PilotError, to_write
from harness.evidence import records
from harness.evidence.digests import chained, digest_of
from harness.evidence.files import jsonable, parse
from harness.evidence.regular import append_whole, bytes_of, there
from harness.evidence.schema import JOURNAL_FORMAT, migrated
from harness.secrecy import KNOWN

FILE = "journal.jsonl"
TORN = "torn line ended"  # in the journal: a crash cut its last event
LONGEST_TAIL = 1 << 20

Event = dict[str, Any]


@dataclass(frozen=True)
class Lines:
    """What a journal holds: its events, and in words each line that is none."""

    events: list[Event]
    wrong: tuple[str, ...] = ()
    found: bool = True  # there is such a file


@dataclass(frozen=True)
class Journal:
    """One writer at a time, in whatever process; an event is appended whole or not at all."""

    root: Path

    @property
    def path(self) -> Path:
        return self.root / FILE

    def read(self) -> Lines:
        """Raises BadFile for what is no file, TooNew for events of a newer version."""
        if not there(self.path):
            return Lines([], found=False)
        return _lines(self.path, bytes_of(self.path, most=JOURNAL_FORMAT.most_bytes))

    def note(self, event: str, what: Mapping[str, Any]) -> None:
        """Append one line; a journal that cannot be written ends the command.

        Where a crash left half a line, that one is ended first, so that it does not swallow this one, and it is noted.
        """
        with self._alone() as file:
            size = os.fstat(file).st_size
            known, lines = self.read().events, b""
            if torn := _torn(file, size):
                lines = b"\n" + _line(known, TORN, {"torn_bytes": torn})
                known = [*known, *_lines(self.path, lines).events]
            number = records.append(self.root, what.get("files") or {}, {"event": event, **what}, known)
            lines += _line(known, event, {**what, "record": number} if number else what)
            append_whole(file, lines)
            os.fsync(file)

    def keep(self, folder: str, names: Sequence[str]) -> None:
        """Note the digests of files that no event is about, beside them."""
        with self._alone():
            files = {folder: {name: digest_of(self.root / folder / name) for name in names}}
            records.append(self.root, files, {}, self.read().events)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            if there(self.path):
                bytes_of(self.path, most=JOURNAL_FORMAT.most_bytes)  # a pipe would be waited for
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)  # one writer at a time, or the chain would fork
                yield file
            finally:
                os.close(file)
        except OSError as error:
            raise PilotError(
                f"{self.path} cannot be written: {error.strerror}", f"{to_write(error)} and run again"
            ) from None


def _lines(path: Path, raw: bytes) -> Lines:
    events, wrong = [], []
    lines = [line for line in lines_of(raw.decode("utf-8", errors="replace")) if line.strip()]
    for number, line in enumerate(lines, start=1):
        try:
            event = _object(line)
            kept = migrated(path, JOURNAL_FORMAT, {"schema_version": 1, **event})
        except (ValueError, TypeError, BadFile) as error:
            words = "; ".join(map(str, error.problems)) if isinstance(error, BadFile) else str(error)
            wrong.append((number, f"line {number} of {path.name} is not an event ({words})"))
            continue
        if kept["event"] == TORN and wrong and wrong[-1][0] == number - 1:
            wrong.pop()  # half a line that a crash left, and that the next command ended
        events.append(event)
    torn = bool(raw) and not raw.endswith(b"\n")
    return Lines(events, tuple(words for number, words in wrong if not (torn and number == len(lines))))


def _object(line: str) -> dict[str, Any]:
    event = parse(line.encode())
    if not isinstance(event, dict):
        raise TypeError("want an object")
    return event


def _line(known: Sequence[Mapping[str, Any]], event: str, what: Mapping[str, Any]) -> bytes:
    """One event as a line that holds on to those before it."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    said = jsonable({"utc": now, "event": event, "schema_version": JOURNAL_FORMAT.newest, **what})
    line = KNOWN.hide_in(said)
    line["chain"] = chained(link_of(known), line)
    return (harmless(json.dumps(line, ensure_ascii=False)) + "\n").encode("utf-8", errors="backslashreplace")


def link_of(known: Sequence[Mapping[str, Any]]) -> str:
    """What the next line holds on to; empty where there is none yet."""
    return next((str(old["chain"]) for old in reversed(known) if "chain" in old), "")


def _torn(file: int, size: int) -> int:
    """Bytes after the last newline, up to the longest that is looked at; 0 where the file ends as it should."""
    tail = os.pread(file, min(size, LONGEST_TAIL), max(0, size - LONGEST_TAIL))
    return len(tail) - (tail.rfind(b"\n") + 1)
