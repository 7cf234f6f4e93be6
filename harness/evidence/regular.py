"""Files as they are: regular ones of a stated size, and nothing else. A pipe or a device is refused, never waited for."""

from __future__ import annotations

import io
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from harness.domain.bounds import MIB, TOML_BYTES
from harness.errors import BadFile, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def bytes_of(path: Path, hint: str | None = None, most: int = TOML_BYTES) -> bytes:
    """As they are; raises BadFile for more than ``most`` bytes, for what is not a regular file, with ``hint`` where there is none."""
    with opened(path, hint, most) as file:
        try:
            raw = file.read(most + 1)
        except OSError as error:
            raise _unreadable(path, error) from None
        if len(raw) > most:
            raise BadFile(path, [Problem("", _too_large(most))])
        return raw


@contextmanager
def opened(path: Path, hint: str | None = None, most: int | None = None) -> Iterator[BinaryIO]:
    """To read, from its beginning; raises BadFile as ``bytes_of`` does."""
    file = None
    try:
        problem = problem_of(path.stat(), most)  # before it is opened: opening a device or a pipe may do something
        if problem is None:
            file = open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")  # noqa: PTH123, SIM115 - never waits
            problem = problem_of(os.fstat(file.fileno()), most)  # what was opened, should it have been changed
    except FileNotFoundError:
        raise BadFile(path, [Problem("", "no such file")], hint) from None
    except ValueError:
        raise BadFile(repr(str(path)), [Problem("", "is not the name of a file")]) from None
    except OSError as error:
        raise _unreadable(path, error) from None
    try:
        if problem is not None or file is None:
            raise BadFile(path, [Problem("", problem or "cannot be read")])
        yield file
    finally:
        if file is not None:
            file.close()


def append_whole(file: int, data: bytes) -> None:
    """All of it at the end of an open file, else the file as it was; raises OSError.

    A disk that fills takes a part and says how much; only the next call says that it is full.
    """
    size, left = os.fstat(file).st_size, memoryview(data)
    try:
        while left:
            left = left[os.write(file, left) :]
    finally:
        if left:
            with suppress(OSError):
                os.ftruncate(file, size)


def lines_in(path: Path) -> Iterator[str]:
    """Text lines as they come, none where it is no regular file or ends early; their digest tells whether they are whole."""
    with (
        suppress(BadFile, OSError),
        opened(path) as file,
        io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="\n") as lines,
    ):
        yield from lines


def there(path: Path) -> bool:
    """Whether anything has this name, also a link that leads nowhere or in a circle."""
    return os.path.lexists(path)


def problem_of(found: os.stat_result, most: int | None = None) -> str | None:
    """Why this is no file to read; None where it is one."""
    if not stat.S_ISREG(found.st_mode):
        kind = next((words for is_one, words in _KINDS if is_one(found.st_mode)), "something else")
        return f"is {kind}: want a regular file"
    return _too_large(most) if most is not None and found.st_size > most else None


def _unreadable(path: Path, error: OSError) -> BadFile:
    return BadFile(path, [Problem("", f"cannot be read: {error.strerror}")])


def _too_large(most: int) -> str:
    return f"is larger than {most / MIB:g} MiB"
