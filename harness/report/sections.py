"""Finds sections, templates and style: the workspace's own files first, the installed ones beneath.

A section is one Jinja file in Markdown; its number orders it, its name is its anchor. A team
adds one by adding a file, or replaces one by a file of the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.errors import PilotError
from harness.workspace.shipped import shipped

SUFFIX = ".md.j2"


@dataclass(frozen=True)
class Section:
    """One file; ``id`` is its anchor."""

    id: str
    path: Path


def find_sections(workspace_root: Path) -> list[Section]:
    """Every section in the order of its file name."""
    files: dict[str, Path] = {}
    for folder in (shipped("reports"), workspace_root / "reports"):
        files |= {p.name: p for p in sorted((folder / "sections").glob(f"*{SUFFIX}"))}
    return [Section(_anchor(name), files[name]) for name in sorted(files)]


def asset(workspace_root: Path, *parts: str) -> str:
    """Text of a template or style file."""
    for folder in (workspace_root / "reports", shipped("reports")):
        path = folder.joinpath(*parts)
        if path.is_file():
            return path.read_text(encoding="utf-8-sig")
    raise PilotError(f"the report's file {'/'.join(parts)} is missing", "install the package again")


def _anchor(name: str) -> str:
    stem = name.removesuffix(SUFFIX)
    _, dash, rest = stem.partition("-")
    return rest if dash else stem
