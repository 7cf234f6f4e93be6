"""Every error this program raises on purpose, with its exit code and its mend.

PilotError                exit 1
  Refused                 exit 2   nothing was sent
    BadFile                        one or more fields of a file are wrong
    TooNew                         a file that a newer version wrote
    UndeclaredHost                 the host stands in no target.toml
  InvalidRun              exit 3   the generator or its machine spoilt the run
  LimitReached            exit 4   budget, stop file, repeated 401/403
  GateFailed              exit 5   a check or a decision says no
  Undecided              exit 6   neither yes nor no: what was asked is open
  Interrupted             exit 130 a person stopped it
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Exit(IntEnum):
    """What a shell sees; the numbers are fixed."""

    DONE = 0
    FAILED = 1
    REFUSED = 2
    INVALID = 3
    LIMIT = 4
    GATE = 5
    CANT_TELL = 6
    INTERRUPTED = 130


class PilotError(Exception):
    """Anything that ends a command on purpose; ``hint`` says what to do next."""

    exit_code: ClassVar[Exit] = Exit.FAILED

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if hint:
            self.add_note(hint)  # a notebook shows it with the traceback; the command line prints it itself


class Refused(PilotError):
    """Nothing was sent: an option, a file or a host is not acceptable."""

    exit_code = Exit.REFUSED


class NoWorkspace(Refused):
    """No pilot.toml in this folder or above it."""


@dataclass(frozen=True)
class Problem:
    """One wrong field: where it stands and how to mend it."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class BadFile(Refused):
    """Every problem of one file, told at once."""

    def __init__(self, path: Path | str, problems: Sequence[Problem], hint: str | None = None) -> None:
        self.path = path
        self.problems = tuple(problems)
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"{path}:\n{lines}", hint)


class TooNew(Refused):
    """Evidence in a format that this version does not know; no reader may take it for a broken file."""


class UndeclaredHost(Refused):
    """Load goes only to declared targets, to loopback, or where the caller vouches for the host."""


class InvalidRun(PilotError):
    """The generator or its machine spoilt the run; the target is not to blame."""

    exit_code = Exit.INVALID


class LimitReached(PilotError):
    """Budget, stop file, highest rate or repeated 401/403."""

    exit_code = Exit.LIMIT


class GateFailed(PilotError):
    """A check or a decision says no."""

    exit_code = Exit.GATE


class Undecided(PilotError):
    """The evidence says neither yes nor no; an answer that is missing is never a yes."""

    exit_code = Exit.CANT_TELL


class Interrupted(PilotError):
    """Stopped by a person; what was measured so far is kept."""

    exit_code = Exit.INTERRUPTED


UNWRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT})


def to_write(error: OSError) -> str:
    """What to do where a file could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free some space"
    return "make it writable for this user, or work on a copy of the workspace"
