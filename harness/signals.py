"""SIGINT, SIGTERM and SIGHUP ask a command to end in order: once, however often and by whichever they come.

The first one is raised as ``Asked`` where the command waits or works on nothing that must
be finished; inside ``held`` it waits for the end of the block. Every later one is
answered with a word and changes nothing, so that nobody's impatience costs a ledger.
"""

from __future__ import annotations

import os
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

PARENT_OF_TARGETS = "PILOT_UP_PARENT_PID"  # set for pilot up by what starts targets for as long as it lives
ASKS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def heeded() -> tuple[signal.Signals, ...]:
    """Those that end this process: SIGHUP is not among them where ``nohup`` began it."""
    return tuple(n for n in ASKS if n != signal.SIGHUP or signal.getsignal(n) is not signal.SIG_IGN)


def say(words: str) -> None:
    """To standard error, past every buffer; nothing where nobody listens any more."""
    with suppress(OSError):
        os.write(2, f"{words}\n".encode())


def leave_terminal() -> None:
    """After a hang-up, send what this process still says nowhere: writing to a terminal that is gone is an error."""
    for end in (1, 2):
        with suppress(OSError):
            if stat.S_ISCHR(os.fstat(end).st_mode) and not os.isatty(end):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, end)
                os.close(nowhere)


def done() -> None:
    """Nothing is left to keep: from here to the process's end nothing that asks for that end changes its code."""
    if threading.current_thread() is threading.main_thread():
        for number in heeded():
            signal.signal(number, signal.SIG_IGN)


class Asked(KeyboardInterrupt):
    """Somebody asked this command to end; ``number`` is the signal."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(f"interrupted by {number.name}")
        self.number = number


class Ending:
    """Whether this process was asked to end; its main thread alone is interrupted."""

    def __init__(self) -> None:
        self.asked: signal.Signals | None = None
        self._held = 0
        self._raised = False

    def heed(self) -> None:
        """From now on; only a process's main thread can."""
        if threading.current_thread() is threading.main_thread():
            for number in heeded():
                signal.signal(number, self.note)

    def note(self, number: int, frame: FrameType | None = None) -> None:
        """The handler: raises Asked the first time, unless held."""
        del frame
        asked = signal.Signals(number)
        if asked is signal.SIGHUP:
            leave_terminal()
        if self.asked is not None:
            say(f"{asked.name}: ending already, since {self.asked.name}; what was measured is being written down")
            return
        self.asked = asked
        say(f"{asked.name}: ending in order")
        if not self._held:
            self._raised = True
            raise Asked(asked)

    def check(self) -> None:
        """Raises Asked where an end was asked; from any thread, wherever one waits."""
        if self.asked is not None:
            self._raised = True
            raise Asked(self.asked)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What must be finished once begun: Asked is raised at its end. In another thread than the main one nothing is raised anyway."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if not self._held and self.asked is not None and not self._raised:
            self.check()


ENDING = Ending()
