"""How large what is deployed is, as this instance finds it on its own disk, and the most memory that it has held.

Imported where /v1/meta is asked: ``importlib.metadata`` takes as long as half the service's own start.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from ragchat.instance import memory_mb

if TYPE_CHECKING:
    from ragchat.settings import Settings

MB = 1_000_000
REQUIRED = ("starlette", "uvicorn")  # of this package's pyproject.toml, which an image may not have installed as one
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def sizes(settings: Settings) -> dict[str, float | None]:
    """In MB; None where it cannot be told. Asked of /v1/meta, never at a start."""
    return {
        "package_mb": package_mb(),
        "index_mb": _file_mb(settings.index) if settings.store == "sqlite" else None,
        "weights_mb": float(settings.weights_mb),
        "memory_mb": round(memory_mb(), 1),
    }


@cache
def package_mb() -> float | None:
    """The service and all that it requires, unpacked; without the interpreter and the system below it."""
    names, seen, total = list(REQUIRED), set(), _folder_bytes(Path(__file__).parent)
    known = False
    while names:
        name = names.pop().lower().replace("_", "-")
        if name in seen:
            continue
        seen.add(name)
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # an extra of another platform
        # extras that are installed count: uvicorn's standard ones are what the image has
        names += [match.group() for one in found.requires or () if (match := _NAME.match(one)) and _wanted(one)]
        total += sum(_bytes_at(Path(str(found.locate_file(one)))) for one in found.files or ())
        known = True
    return round(total / MB, 1) if known else None


def _wanted(requirement: str) -> bool:
    """Without what only tests, docs, or this service's own optional backends want."""
    extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", requirement)
    return extra is None or extra.group(1) == "standard"


def _folder_bytes(folder: Path) -> int:
    return sum(_bytes_at(path) for path in folder.rglob("*.py"))


def _bytes_at(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def _file_mb(path: Path) -> float | None:
    try:
        return round(path.stat().st_size / MB, 1)
    except OSError:
        return None
