"""``python -m harness.load.nursery``: Locust imported once, and each run of a campaign begun as a fork of this process.

A Locust process of its own takes a second of processor to import before it sends
anything, for every run; a fork takes milliseconds, and no run inherits what another did.

    in    {"argv": ["-f", "loadprofiles/steady.py", …], "env": {…}, "log": "…/steady-1.log", "cwd": "…"}   a line a run
    out   {"ready": true}, then {"begun": number of the line, "pid": …} and {"begun": …, "code": …}
"""

from __future__ import annotations

import gc
import json
import os
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

from gevent import monkey
from setproctitle import setproctitle

from harness.load import forks
from harness.load.engine import PARENT_VARIABLE

_waitpid = monkey.get_original("os", "waitpid")
_select = monkey.get_original("select", "select")
_signal = monkey.get_original("signal", "signal")


class Nursery:
    """Begins runs and says how they ended; the runs stop with it, for each follows its parent."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}  # of the lines, by process
        self._begun = 0
        self._held = b""
        self._woken, self._waker = os.pipe()
        for end in (self._woken, self._waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waker)
        _signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> dict[str, Any] | None:
        """Until stdin is closed; in a fork, the job that this process now is."""
        _say({"ready": True})
        while True:
            readable, _, _ = _select([0, self._woken], [], [])
            if self._woken in readable:
                with suppress(BlockingIOError):
                    os.read(self._woken, 4096)
            self._reap()
            if 0 in readable:
                data = os.read(0, 65536)
                if not data:
                    return None
                self._held += data
                while b"\n" in self._held:
                    line, _, self._held = self._held.partition(b"\n")
                    job = json.loads(line)
                    if self._begin(job):
                        return dict(job)

    def _begin(self, job: dict[str, Any]) -> bool:
        """True in the fork, which is the run from here on."""
        self._begun += 1
        pid = forks.fork() if forks.SAFE else _started(job)
        if pid == 0:
            signal.set_wakeup_fd(-1)
            _signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(self._woken)
            os.close(self._waker)
            return True
        self._numbers[pid] = self._begun
        _say({"begun": self._begun, "pid": pid})
        return False

    def _reap(self) -> None:
        while self._numbers:
            pid, status = _waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            number = self._numbers.pop(pid, None)
            if number is not None:
                _say({"begun": number, "code": os.waitstatus_to_exitcode(status)})


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def _environment(job: dict[str, Any]) -> dict[str, str]:
    return {**job["env"], PARENT_VARIABLE: str(os.getpid())}


def _started(job: dict[str, Any]) -> int:
    """A process of its own, where forks are unsafe."""
    with open(job["log"], "wb") as log:  # noqa: PTH123 - as the fork opens it
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "locust", *job["argv"]],
            env={**os.environ, **_environment(job)},
            cwd=job["cwd"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return child.pid


def _become(job: dict[str, Any], parent: int) -> None:
    """Give this process a session, words and an environment of its own: it is the run."""
    os.setsid()
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    forks.speak_to(log)
    os.close(log)
    os.chdir(job["cwd"])
    os.environ.update({**job["env"], PARENT_VARIABLE: str(parent)})
    sys.argv = ["locust", *job["argv"]]
    setproctitle(shlex.join(sys.argv))  # who looks for a run finds it, and can stop it, by what it is


def main() -> None:
    """Serve; what a fork becomes ends as Locust's own process would."""
    import locust.main  # noqa: PLC0415 - reads the command line's locustfiles when it is imported first
    import pyarrow.parquet  # noqa: F401, PLC0415 - each run would import it while its folder is closed

    gc.collect()
    gc.freeze()
    parent = os.getpid()
    job = Nursery().serve()
    if job is not None:
        _become(job, parent)
        locust.main.main()


if __name__ == "__main__":
    main()
