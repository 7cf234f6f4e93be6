"""Which files of a folder may leave it: regular ones, and none that is a secret, a cache or a virtual environment."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Collection, Iterator
from pathlib import Path

NEVER = (
    ".git",
    ".venv*",
    "__pycache__",
    "*.pyc",
    "*.env",
    ".env*",
    "*.key",
    "worker-secret*",
    "node_modules",
    ".*_cache",
    "*-bundle.tar.gz",  # as pilot bundle names what it writes: a copy of what is beside it
    ".*.partial",  # half a file that a crash left
)


def files_below(root: Path, without: Collection[str] = (), *, links: bool = True) -> Iterator[tuple[str, Path]]:
    """By their place, in its order; a link that leads out of the folder is left out, and without ``links`` every one.

    ``without``: places that are left out too.
    """
    inside = root.resolve()
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(n for n in folders if not _left_out((here / n).relative_to(root), without))
        for name in sorted(names):
            file = here / name
            at = file.relative_to(root)
            if not _left_out(at, without) and file.is_file() and _may_leave(file, at, inside, links=links):
                yield at.as_posix(), file


def is_never(parts: Collection[str]) -> bool:
    """Whether a file with this place stays where it is."""
    return any(fnmatch.fnmatch(part, never) for part in parts for never in NEVER)


def _left_out(at: Path, without: Collection[str]) -> bool:
    return at.as_posix() in without or is_never(at.parts)


def _may_leave(file: Path, at: Path, inside: Path, *, links: bool) -> bool:
    to = file.resolve()
    return to.is_relative_to(inside) if links else to == inside / at
