"""The other end of ``python -m harness.load.nursery``: asks it for runs, and hears how they ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import psutil

from harness.errors import PilotError

START_S = 60.0
TERMINATE_S = 60.0  # a million samples take their time to be written down
KILL_S = 5.0
GONE_S = 15.0  # a run whose nursery is gone sees that within a second, and then closes its ledger
POLL_S = 0.1


class Launched:
    """One run as a process; ``code`` is None until it has ended, and stays so where nobody could tell."""

    def __init__(self) -> None:
        self.pid: int | None = None
        self.code: int | None = None
        self._begun = threading.Event()
        self._ended = threading.Event()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it has ended within this time, or whoever would say so has."""
        return self._ended.wait(seconds)

    def hear(self, pid: int | None = None, code: int | None = None, *, gone: bool = False) -> None:
        """What the nursery says of it."""
        self.pid = pid if pid is not None else self.pid
        self.code = code if code is not None else self.code
        if gone or code is not None:
            self._ended.set()
        if gone or self.pid is not None:
            self._begun.set()

    @property
    def running(self) -> bool:
        """As this machine says, whatever was heard."""
        if self.pid is None or self.code is not None:
            return False
        try:
            return psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def outlived(self) -> None:
        """Return when the process is gone too, where its nursery was first."""
        if not self._gone_within(GONE_S):
            self._signal(signal.SIGKILL)
            self._gone_within(KILL_S)

    def terminate(self, number: int = signal.SIGTERM) -> None:
        """The signal, time to flush, then SIGKILL; returns when it has ended."""
        self._begun.wait(START_S)  # one that has been asked for and not begun yet would begin after us
        for sent, wait_s in ((number, TERMINATE_S), (signal.SIGKILL, KILL_S)):
            if self.pid is None or (self._ended.is_set() and not self.running):
                return
            self._signal(sent)
            if self._ended.wait(wait_s) and self._gone_within(wait_s):
                return

    def _signal(self, number: int) -> None:
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.running:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True


class _Nursery:
    """One such process, and the runs that it began."""

    def __init__(self, folder: Path, words: Path) -> None:
        self._lock = threading.Lock()
        self._launched: list[Launched] = []
        self._ready = threading.Event()
        self._gone = threading.Event()
        with words.open("a", encoding="utf-8") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "harness.load.nursery"],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
                bufsize=1,
                start_new_session=True,  # Ctrl-C reaches us first; we pass it on and wait for the ledger
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in: IO[str] = self._process.stdin
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()

    @property
    def gone(self) -> bool:
        return self._gone.is_set()

    def begin(self, job: dict[str, Any]) -> Launched | None:
        """None when it is gone."""
        if not self._ready.wait(START_S) or self._gone.is_set():
            return None
        with self._lock:
            launched = Launched()
            self._launched.append(launched)
            try:
                self._in.write(json.dumps(job) + "\n")
                self._in.flush()
            except (OSError, ValueError):
                self._launched.pop()
                return None
            if self._gone.is_set():  # it went before it could read that
                launched.hear(gone=True)
        return launched

    def terminate(self, number: int) -> None:
        """Every run that it began and that is still there."""
        for launched in [one for one in self._launched if one.code is None]:
            launched.terminate(number)

    def close(self) -> None:
        with suppress(OSError):
            self._in.close()  # it ends; a run that is still there sees that its parent is gone
        try:
            self._process.wait(KILL_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(KILL_S)

    def _listen(self, out: IO[str]) -> None:
        try:
            for line in out:
                said = json.loads(line)
                if "begun" in said:
                    self._launched[said["begun"] - 1].hear(said.get("pid"), said.get("code"))
                self._ready.set()
        except (ValueError, LookupError, TypeError, AttributeError):
            self._process.kill()  # what it says is not to be understood: the runs end with it, and that is noticed
        finally:
            self._gone.set()
            self._ready.set()
            for launched in list(self._launched):
                launched.hear(gone=True)
            out.close()


class Launcher:
    """Nurseries as a context, one at a time; any thread may begin runs, and several may go at once."""

    def __init__(self, folder: Path, words: Path) -> None:
        self._folder = folder
        self._words = words
        self._lock = threading.Lock()
        self._nursery: _Nursery | None = None

    def __enter__(self) -> Self:
        self._words.parent.mkdir(parents=True, exist_ok=True)
        self._words.write_bytes(b"")
        self._nursery = _Nursery(self._folder, self._words)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._nursery is not None:
            self._nursery.close()

    def begin(self, argv: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path | None = None) -> Launched:
        """``locust ARGV`` in the folder, or ``cwd``, its words in ``log``.

        A nursery that is gone is replaced; raises PilotError when that one goes too.
        """
        job = {"argv": [*argv], "env": {**env}, "log": str(log), "cwd": str(cwd or self._folder)}
        for _ in range(2):
            nursery = self._alive()
            if (launched := nursery.begin(job)) is not None:
                return launched
        raise PilotError("the process that begins the runs cannot be kept alive", f"its words are in {self._words}")

    def ready(self) -> list[dict[str, Any]]:
        """Before each run: return when all that sends stands by, with what each says of itself; nothing of this machine alone."""
        return []

    def terminate(self, number: int = signal.SIGTERM) -> None:
        """Every run that is going."""
        if self._nursery is not None:
            self._nursery.terminate(number)

    def _alive(self) -> _Nursery:
        with self._lock:
            assert self._nursery is not None
            if self._nursery.gone:
                self._nursery.close()
                self._nursery = _Nursery(self._folder, self._words)
            return self._nursery
