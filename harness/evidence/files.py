"""Writing files so that a crash leaves the old one or the new one, never half of either."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

from harness.domain.bounds import EVIDENCE_BYTES, MOST_EVIDENCE_DEPTH
from harness.domain.shown import harmless
from harness.errors import BadFile, Problem
from harness.evidence.regular import bytes_of
from harness.evidence.schema import Format, migrated
from harness.evidence.shapes import kind_of
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


def write_text(path: Path, text: str, *, flushed: bool = True) -> None:
    """Write, flush to disk, rename into place, known secrets hidden; leaves no partial file, whatever it raises.

    Not ``flushed``: what can be made again, and is many files that the disk would be waited for one by one.
    """
    # what others sent may hold half a surrogate pair, which UTF-8 cannot: JSON reads its escape as the same
    data = KNOWN.hide(text).encode("utf-8", errors="backslashreplace")
    with replacing(path, flushed=flushed) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path, *, flushed: bool = True) -> Iterator[BinaryIO]:
    """To write what becomes the file once the context is left; whatever it raises, the file is as it was before."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            if flushed:
                os.fsync(file.fileno())
        partial.replace(path)
    except BaseException as error:
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(path), None  # the one that was asked for
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def read_json(path: Path, of: Format) -> dict[str, Any]:
    """An object from a file, as the newest version of its format has it.

    Raises BadFile when it is missing, broken or not what the format holds, TooNew when a newer version wrote it.
    """
    return migrated(path, of, read_object(path, of.most_bytes))


def read_object(path: Path, most: int = EVIDENCE_BYTES) -> dict[str, Any]:
    """A JSON object of any content; raises BadFile."""
    raw = bytes_of(path, most=most)
    try:
        value = parse(raw)
    except ValueError as error:
        raise BadFile(path, [Problem("", f"is not valid JSON: {error}")]) from None
    if not isinstance(value, dict):
        raise BadFile(path, [Problem("", f"is {kind_of(value)}: want an object")])
    return value


def parse(raw: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Of UTF-8, every number finite, not nested beyond what readers can follow; raises ValueError with words."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_no_number, parse_float=_number)
        _shallow(value, MOST_EVIDENCE_DEPTH)
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8 text") from None
    except RecursionError:
        raise ValueError(f"it is nested more than {MOST_EVIDENCE_DEPTH} deep") from None
    return value


def _no_number(said: str) -> float:
    raise ValueError(f"{said} is not a number in JSON")


def _number(said: str) -> float:
    value = float(said)
    return value if math.isfinite(value) else _no_number(said[:20])


def _shallow(value: object, left: int) -> None:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        if isinstance(one, dict | list):
            if not left:
                raise RecursionError
            _shallow(one, left - 1)
