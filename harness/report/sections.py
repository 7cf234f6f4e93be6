"""Finds sections, templates and style: the workspace's own files first, the installed ones beneath.

A section is one Jinja file in Markdown; its number orders it, its name is its anchor. A team
adds one by adding a file, or replaces one by a file of the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import harness
from harness.errors import PilotError

SUFFIX = ".md.j2"


@dataclass(frozen=True)
class Section:
    """One file; ``id`` is its anchor."""

    id: str
    path: Path


def installed() -> Path:
    """The report files that came with this package: beside it in a checkout, inside it in a wheel."""
    package = Path(harness.__file__).parent
    for folder in (package / "report" / "assets", package.parent / "reports"):
        if (folder / "sections").is_dir():
            return folder
    raise PilotError("the report's own files are missing", "install the package again")


def find_sections(workspace_root: Path) -> list[Section]:
    """Every section in the order of its file name."""
    files: dict[str, Path] = {}
    for folder in (installed(), workspace_root / "reports"):
        files |= {p.name: p for p in sorted((folder / "sections").glob(f"*{SUFFIX}"))}
    return [Section(_anchor(name), files[name]) for name in sorted(files)]


def asset(workspace_root: Path, *parts: str) -> str:
    """Text of a template or style file."""
    for folder in (workspace_root / "reports", installed()):
        path = folder.joinpath(*parts)
        if path.is_file():
            return path.read_text(encoding="utf-8-sig")
    raise PilotError(f"the report's file {'/'.join(parts)} is missing", "install the package again")


def _anchor(name: str) -> str:
    stem = name.removesuffix(SUFFIX)
    _, dash, rest = stem.partition("-")
    return rest if dash else stem
