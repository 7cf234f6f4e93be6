"""Text files that people edit, on whatever system and with whatever editor: regular files of a stated size, and nothing else."""

from __future__ import annotations

import codecs
import os
import stat
from typing import TYPE_CHECKING

from harness.domain.bounds import MIB, TOML_BYTES
from harness.errors import BadFile, Problem

if TYPE_CHECKING:
    from pathlib import Path

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def text_of(path: Path, hint: str | None = None, most: int = TOML_BYTES) -> str:
    """UTF-8, with or without a byte order mark; raises BadFile as ``bytes_of`` does."""
    return decoded(path, bytes_of(path, hint, most))


def bytes_of(path: Path, hint: str | None = None, most: int = TOML_BYTES) -> bytes:
    """As they are; raises BadFile for more than ``most`` bytes, for what is not a regular file, with ``hint`` where there is none."""
    try:
        problem = _problem(path.stat(), most)  # before it is opened: opening a device or a pipe may do something
        if problem is None:
            with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123 - never waits
                problem = _problem(os.fstat(file.fileno()), most)  # what was opened, should it have been changed
                if problem is None:
                    raw = file.read(most + 1)
                    problem = _too_large(most) if len(raw) > most else None
    except FileNotFoundError:
        raise BadFile(path, [Problem("", "no such file")], hint) from None
    except ValueError:
        raise BadFile(repr(str(path)), [Problem("", "is not the name of a file")]) from None
    except OSError as error:
        raise BadFile(path, [Problem("", f"cannot be read: {error.strerror}")]) from None
    if problem is not None:
        raise BadFile(path, [Problem("", problem)])
    return raw


def _problem(found: os.stat_result, most: int) -> str | None:
    if not stat.S_ISREG(found.st_mode):
        kind = next((words for is_one, words in _KINDS if is_one(found.st_mode)), "something else")
        return f"is {kind}: want a regular file"
    return _too_large(most) if found.st_size > most else None


def _too_large(most: int) -> str:
    return f"is larger than {most / MIB:g} MiB"


def decoded(path: Path, raw: bytes) -> str:
    """UTF-8, with or without a byte order mark; raises BadFile."""
    if raw.startswith(UTF_16):
        raise BadFile(path, [Problem("", "is UTF-16 text: save it as UTF-8")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadFile(path, [Problem(f"line {line}", f"is not UTF-8 text ({error.reason})")]) from None
