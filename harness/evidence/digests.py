"""Whether evidence is as it was left: digests noted when a run ended, in a journal whose lines hold on to each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

FILES = ("run.json", "ledger.json", "target.json", "samples.parquet", "generator.parquet")
CHUNK = 1 << 20


def digest_of(path: Path) -> str:
    """SHA-256 of a file; raises OSError."""
    made = hashlib.sha256()
    with path.open("rb") as file:
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


def noted(journal: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Digests by folder, relative to the evidence, as the journal has them last."""
    out: dict[str, dict[str, str]] = {}
    for line in journal:
        for folder, files in (line.get("files") or {}).items():
            out.setdefault(folder, {}).update(files)
    return out


def changed(root: Path, journal: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each noted file that is not what it was, or not there any more, by its path."""
    for folder, files in noted(journal).items():
        for name, wanted in files.items():
            path = root / folder / name
            try:
                if digest_of(path) != wanted:
                    yield f"{folder}/{name} was changed after it was written"
            except OSError:
                yield f"{folder}/{name} is missing"
