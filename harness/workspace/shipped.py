"""What came with this package: its targets, profiles and report files, beside it in a checkout and inside it in a wheel."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import harness
from harness.errors import PilotError

PACKAGE = Path(harness.__file__).parent
COPIED = re.compile(r"(?m)^COPY targets/[^/\s]+/([^/\s.]+) ")  # of an image: a package of its own
REPORTS = ("report/assets", "reports")  # in a wheel, in a checkout


def shipped(name: str) -> Path:
    """The folder ``targets``, ``loadprofiles`` or ``reports``; raises PilotError where it is missing."""
    inside = REPORTS[0] if name == "reports" else f"scaffold/assets/{name}"
    for folder in (PACKAGE / inside, PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise PilotError(f"the package's own {name} are missing", "install the package again")


def is_own_checkout(root: Path) -> bool:
    """Whether this package runs from this very folder: whoever installed it from there runs its code already."""
    return PACKAGE.parent == root and (root / "pyproject.toml").is_file()


def content_digest(path: Path) -> str:
    """Of a file's bytes, line ends apart, which version control may change."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


@cache
def file_digests(name: str) -> frozenset[str]:
    """Of every file in one of those folders, and of the demo's of the same name."""
    folders = [shipped(name), *(PACKAGE / "demo").glob(f"*/{name}")]
    return frozenset(content_digest(p) for folder in folders for p in folder.rglob("*") if p.is_file())


@cache
def image_digests() -> frozenset[str]:
    """Of every file that an image is built from or that a template is: in a wheel the service lies beside this package."""
    recipes = [path.read_text(encoding="utf-8") for path in shipped("targets").glob("*/Dockerfile")]
    names = {name for text in recipes for name in COPIED.findall(text)}
    beside = [p for name in names for p in (PACKAGE.parent / name).rglob("*") if p.is_file()]
    return file_digests("targets") | {content_digest(p) for p in beside}


@cache
def command_digests() -> frozenset[str]:
    """Of what the embedded targets run that came with this package."""
    return frozenset(command_digest(table) for table in _runtimes())


def command_digest(runtime: Mapping[str, Any]) -> str:
    """Of the commands, their variables and what they share; how they are scaled is no part of it."""
    said = {name: runtime.get(name) for name in ("command", "environment", "needs")}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


@cache
def job_digests() -> frozenset[str]:
    """Of what those run for work that is done later."""
    return frozenset(job_digest(table) for table in _runtimes(of="jobs"))


def job_digest(runtime: Mapping[str, Any]) -> str:
    """Of the commands of its workers; of no commands where none are declared."""
    return hashlib.sha256(json.dumps(job_commands(runtime), default=str).encode()).hexdigest()


def job_commands(runtime: Mapping[str, Any]) -> list[Any]:
    """As they are declared."""
    jobs = runtime.get("jobs")
    return [jobs[name] for name in ("command", "source") if name in jobs] if isinstance(jobs, Mapping) else []


def _runtimes(of: str = "command") -> Iterator[Mapping[str, Any]]:
    for folder in (shipped("targets"), *(PACKAGE / "demo").glob("*/targets")):
        for path in folder.glob("*/target.toml"):
            runtime = tomllib.loads(path.read_text(encoding="utf-8")).get("runtime") or {}
            if of in runtime:
                yield runtime
