"""Why a run ends before its end, and what its process says of that when it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import Exit

if TYPE_CHECKING:
    import signal


@dataclass(frozen=True)
class Stop:
    """``words`` go to the ledger, ``code`` to the shell; ``signal`` is the name of the one that this process got."""

    words: str
    code: Exit
    signal: str | None = None


def by_signal(number: signal.Signals) -> Stop:
    """A person or a supervisor asked."""
    return Stop(f"interrupted by {number.name}", Exit.INTERRUPTED, number.name)


def failed(words: str) -> Stop:
    """The generator cannot go on."""
    return Stop(words, Exit.INVALID)


PARENT_GONE = Stop("interrupted: the process that began the run is gone", Exit.INTERRUPTED)
IN_LOCUST = Stop("interrupted: stopped in Locust", Exit.INTERRUPTED)
