"""Writing files so that a crash leaves the old one or the new one, never half of either."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from harness.domain.shown import harmless
from harness.errors import BadFile, Problem
from harness.secrecy import KNOWN


def jsonable(value: Any) -> Any:  # noqa: ANN401, PLR0911 - any value in, plain JSON out, one line a kind
    """Plain JSON values; infinite and undefined numbers become null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: jsonable(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        return [jsonable(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def dump(value: Any) -> str:  # noqa: ANN401
    """Indented JSON with a final newline; what cannot be printed stands as its escape."""
    return harmless(json.dumps(jsonable(value), indent=2, ensure_ascii=False, allow_nan=False)) + "\n"


def write_text(path: Path, text: str) -> None:
    """Write, flush to disk, rename into place, known secrets hidden; leaves no partial file, whatever it raises: OSError, or an end
    that was asked for.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        # what others sent may hold half a surrogate pair, which UTF-8 cannot: JSON reads its escape as the same
        with partial.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(KNOWN.hide(text))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def read_json(path: Path, version: int | None = None) -> dict[str, Any]:
    """An object from a file; raises BadFile when it is missing, broken or of another version."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadFile(path, [Problem("", "no such file")]) from None
    except (OSError, ValueError) as error:
        raise BadFile(path, [Problem("", f"cannot be read: {error}")]) from None
    if not isinstance(value, dict):
        raise BadFile(path, [Problem("", "is not an object")])
    if version is not None and value.get("schema_version") != version:
        found = value.get("schema_version")
        raise BadFile(path, [Problem("schema_version", f"is {found!r}; this version reads {version}")])
    return value
