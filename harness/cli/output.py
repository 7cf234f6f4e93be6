"""Printing for machines, where files may be written, and where the pages for people are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import harness
from harness.errors import Refused
from harness.evidence.files import dump


def emit(value: Any) -> None:  # noqa: ANN401
    """One JSON document on standard output."""
    print(dump(value), end="")


def folder_for(what: str, folder: Path) -> Path:
    """A folder that is there or can be made; raises Refused before any work is done for it. ``what``: how it was named."""
    there = next(one for one in (folder, *folder.absolute().parents) if os.path.lexists(one))
    wrong = "is not a folder" if not there.is_dir() else "" if os.access(there, os.W_OK | os.X_OK) else "is read-only"
    if wrong:
        said = f"{what} {folder}".strip()
        raise Refused(said + (f" {wrong}" if there == folder else f": {there} {wrong}"), "name another folder")
    return folder


def file_for(what: str, file: Path) -> Path:
    """A file that can be written in a folder that is there; raises Refused likewise."""
    if file.is_dir():
        raise Refused(f"{what} {file} is a folder", "name a file")
    if not file.parent.is_dir():
        raise Refused(f"{what} {file}: {file.parent} is not a folder", "make the folder first, or name another file")
    folder_for(what, file.parent)
    return file


def pages() -> Path:
    """The folder of the documentation: inside an installed package, beside it in a checkout."""
    package = Path(harness.__file__).parent
    inside = package / "scaffold" / "assets" / "docs"
    return inside if inside.is_dir() else package.parent / "docs"
