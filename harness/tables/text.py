"""Text files that people edit, on whatever system and with whatever editor."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from harness.domain.bounds import TOML_BYTES
from harness.errors import BadFile, Problem
from harness.evidence.regular import bytes_of

if TYPE_CHECKING:
    from pathlib import Path

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_of(path: Path, hint: str | None = None, most: int = TOML_BYTES) -> str:
    """UTF-8, with or without a byte order mark; raises BadFile as ``bytes_of`` does."""
    return decoded(path, bytes_of(path, hint, most))


def decoded(path: Path, raw: bytes) -> str:
    """UTF-8, with or without a byte order mark; raises BadFile."""
    if raw.startswith(UTF_16):
        raise BadFile(path, [Problem("", "is UTF-16 text: save it as UTF-8")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadFile(
            path, [Problem(f"line {line}", f"is not UTF-8 text ({error.reason}): save the file as UTF-8")]
        ) from None
