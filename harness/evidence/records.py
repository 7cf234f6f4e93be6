"""``digests.jsonl``: beside the files that it is about, what the journal says of them, each line following from the one before.

The lines of all folders together are one chain, numbered from 1. So a campaign's digests are in as many places as it has
runs, and what was spent can be read from them when the journal is gone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.domain.lines import lines_of
from harness.errors import BadFile
from harness.evidence.digests import chained
from harness.evidence.files import jsonable, parse
from harness.evidence.regular import append_whole, bytes_of
from harness.evidence.schema import RECORDS_FORMAT, migrated

FILE = "digests.jsonl"
HERE = "."  # the evidence folder itself
PLACES = (FILE, f"blocks/*/*/*/{FILE}", f"bills/*/{FILE}")
_OF_EVENT = ("event", "run", "attempt", "cost_usd", "basis")


@dataclass(frozen=True)
class Record:
    """One line: the folder it lies in, relative to the evidence, and what it says."""

    folder: str
    line: Mapping[str, Any]

    @property
    def number(self) -> int:
        return int(self.line["number"])

    @property
    def place(self) -> str:
        return FILE if self.folder == HERE else f"{self.folder}/{FILE}"


@dataclass(frozen=True)
class Records:
    """All lines by their number, and in words each that is none."""

    known: tuple[Record, ...]
    wrong: tuple[str, ...] = ()


def read(root: Path) -> Records:
    """Of every folder; raises TooNew for what a newer version wrote."""
    known: list[Record] = []
    wrong: list[str] = []
    for path in sorted(path for place in PLACES for path in root.glob(place)):
        folder = path.parent.relative_to(root).as_posix()
        try:
            lines = lines_of(bytes_of(path, most=RECORDS_FORMAT.most_bytes).decode("utf-8", errors="replace"))
        except BadFile as error:
            wrong.append(f"{path.relative_to(root)} {error.problems[0]}")
            continue
        for number, line in enumerate((line for line in lines if line.strip()), start=1):
            try:
                said = parse(line.encode())
                known.append(Record(folder, migrated(path, RECORDS_FORMAT, said if isinstance(said, dict) else {})))
            except (ValueError, BadFile) as error:
                words = "; ".join(map(str, error.problems)) if isinstance(error, BadFile) else str(error)
                wrong.append(f"line {number} of {path.relative_to(root)} is not one of its lines ({words})")
    return Records(tuple(sorted(known, key=lambda r: (r.number, r.folder))), tuple(wrong))


def append(
    root: Path, files: Mapping[str, Mapping[str, str]], said: Mapping[str, Any], journal: Sequence[Mapping[str, Any]]
) -> int | None:
    """A line for each folder that is there; returns the last one's number, None where nothing was written. Raises OSError.

    Whoever calls it holds the journal's lock.
    """
    here = {folder: digests for folder, digests in files.items() if (root / folder).is_dir()}
    if not here and "cost_usd" in said:
        here = {HERE: {}}  # a run that left no folder has cost something all the same
    if not here:
        return None
    known = read(root).known
    number, before = (known[-1].number, str(known[-1].line["chain"])) if known else (0, "")
    head = next((str(e["chain"]) for e in reversed(journal) if "chain" in e), "")
    for folder, digests in here.items():
        number += 1
        line = jsonable(
            {
                "utc": datetime.now(UTC).isoformat(timespec="milliseconds"),
                **{name: said[name] for name in _OF_EVENT if said.get(name) is not None},
                **RECORDS_FORMAT.stamped({"number": number, "before": before}),
                "events": len(journal),
                "journal": head,
                "files": digests,
            }
        )
        line["chain"] = before = chained(before, line)
        _write(root / folder / FILE, json.dumps(line, ensure_ascii=False))
    return number


def _write(path: Path, line: str) -> None:
    """Whole or not at all; half a line that a crash left is ended first. Raises OSError."""
    if path.exists():
        bytes_of(path, most=RECORDS_FORMAT.most_bytes)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(file).st_size
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        append_whole(file, (("\n" if torn else "") + line + "\n").encode("utf-8", errors="backslashreplace"))
        os.fsync(file)
    finally:
        os.close(file)


def broken(found: Records) -> Iterator[str]:
    """Where the lines do not follow from one another, in words."""
    yield from found.wrong
    for one in found.known:
        if one.line["chain"] != chained(str(one.line["before"]), one.line):
            yield f"{one.place} was edited at its line about {one.line.get('event', 'files')}"
    for before, one in pairwise(found.known):
        if one.number == before.number:
            yield f"{before.place} and {one.place} both hold number {one.number} of the chain of digests"
        elif one.number == before.number + 1 and one.line["before"] != before.line["chain"]:
            yield f"{one.place} does not follow from {before.place}: one of them was replaced"
    if found.known and found.known[0].number == 1 and found.known[0].line["before"]:
        yield f"{found.known[0].place} claims to be the first of the chain of digests and follows from another"


def spent(found: Records) -> dict[tuple[str, int], str]:
    """What each run is counted at, by the last word on it."""
    said = [r.line for r in found.known if {"run", "attempt", "cost_usd"} <= r.line.keys()]
    return {(str(line["run"]), int(line["attempt"])): str(line["cost_usd"]) for line in said}
