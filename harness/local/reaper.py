"""Kills what is left when the platform's own process is gone, however it went (kill -9 included).

Started by the supervisor with a pipe on standard input. Lines ``+PID`` and
``-PID`` keep its list; end of file means that the supervisor is dead. Works for
stopped processes too, and needs nothing that only one system has.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

from harness.signals import ASKS


class Reaper:
    """The supervisor's end of the pipe."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness.local.reaper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal must not take the reaper first
        )

    def watch(self, pid: int) -> None:
        self._say(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        self._say(f"-{pid}\n")

    def close(self) -> None:
        """End the reaper; it kills what it still watches."""
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()


def main() -> None:
    """Read until the end, then kill the process groups that are left."""
    for number in ASKS:
        signal.signal(number, signal.SIG_IGN)
    watched: set[int] = set()
    for line in sys.stdin:
        pid = int(line[1:])
        (watched.add if line[0] == "+" else watched.discard)(pid)
    for pid in watched:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
