"""Digests of files, and lines that hold on to the ones before them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.domain.bounds import SAMPLES_BYTES
from harness.evidence.regular import opened

FILES = (
    *("run.json", "ledger.json", "target.json", "samples.parquet", "generator.parquet", "jobs.parquet"),
    *("samples.spool.jsonl", "jobs.spool.jsonl"),
)
CHUNK = 1 << 20


def digest_of(path: Path) -> str:
    """SHA-256 of a regular file, computed once for as long as it is not touched; raises BadFile, OSError."""
    found = path.stat()
    return _digest(path, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@lru_cache(maxsize=100_000)
def _digest(path: Path, *_: int) -> str:
    made = hashlib.sha256()
    with opened(path, most=SAMPLES_BYTES) as file:
        while chunk := file.read(CHUNK):
            made.update(chunk)
    return made.hexdigest()


def digests_of(folder: Path) -> dict[str, str]:
    """Of a run's own files, those that are there; readings come later and are noted by the pass that pulled them."""
    return {name: digest_of(folder / name) for name in FILES if (folder / name).is_file()}


def chained(before: str, line: Mapping[str, Any]) -> str:
    """The link of one journal line: of its content and the link before it."""
    content = {key: value for key, value in line.items() if key != "chain"}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{text}".encode(errors="backslashreplace")).hexdigest()[:32]


def broken_at(journal: Sequence[Mapping[str, Any]]) -> int | None:
    """Number of the first line, from 1, that does not follow from those before it; lines without a link are older."""
    before = ""
    for number, line in enumerate(journal, start=1):
        link = line.get("chain")
        if link is None:
            if before:
                return number
            continue
        if link != chained(before, line):
            return number
        before = str(link)
    return None
