"""The folder of a report: what an earlier report wrote there may go, whatever else lies there stays."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from harness.errors import BadFile, Refused
from harness.evidence.digests import digest_of
from harness.evidence.files import dump, read_json, write_text
from harness.evidence.schema import MANIFEST_FORMAT

MANIFEST = "report-files.json"
FOLDERS = ("figures", "tables")
_OURS = re.compile(
    rf"(?:{'|'.join(FOLDERS)})/[A-Za-z0-9_.-]+\.(?:svg|csv)|trends\.json"
)  # all that a report ever removes


def write_all(folder: Path, files: Mapping[str, str]) -> None:
    """Write a report's files by their names below ``folder`` and remove those of the one before it that it has no more.

    One is removed only where the earlier report said that it wrote it and it still holds
    what it wrote. Raises Refused where a folder of it is a link, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        if (folder / name).is_symlink():
            raise Refused(f"{folder / name} is a link to another folder", "remove the link, or name another --out")
        (folder / name).mkdir(exist_ok=True)
    before = _written(folder)
    now = {name: hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest() for name, text in files.items()}
    _note(folder, {**before, **now})  # first: a report that is cut short knows its files all the same
    for name, text in files.items():
        write_text(folder / name, text, flushed=False)
    for name in before.keys() - now.keys():
        path = folder / name
        if _OURS.fullmatch(name) and not path.is_symlink() and path.is_file() and digest_of(path) == before[name]:
            path.unlink()
    _note(folder, now)


def _written(folder: Path) -> dict[str, str]:
    """Digests by name, as the earlier report noted them; none where there was none, or where its note cannot be read."""
    try:
        said = read_json(folder / MANIFEST, MANIFEST_FORMAT).get("files")
    except BadFile:
        return {}
    return {str(name): str(digest) for name, digest in said.items()} if isinstance(said, dict) else {}


def _note(folder: Path, files: Mapping[str, str]) -> None:
    said = MANIFEST_FORMAT.stamped({"files": dict(sorted(files.items()))})
    write_text(folder / MANIFEST, dump(said))
