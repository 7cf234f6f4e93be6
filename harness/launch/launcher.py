"""The other end of ``python -m harness.load.nursery``: asks it for runs, and hears how they ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from harness.errors import PilotError

START_S = 60.0
TERMINATE_S = 15.0


class Launched:
    """One run as a process; ``code`` is None until it has ended, and stays so where nobody could tell."""

    def __init__(self) -> None:
        self.pid: int | None = None
        self.code: int | None = None
        self._ended = threading.Event()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it has ended within this time."""
        return self._ended.wait(seconds)

    def hear(self, pid: int | None = None, code: int | None = None, *, gone: bool = False) -> None:
        """What the nursery says of it."""
        self.pid = pid if pid is not None else self.pid
        self.code = code if code is not None else self.code
        if gone or code is not None:
            self._ended.set()

    def terminate(self) -> None:
        """SIGTERM, time to flush, then SIGKILL; returns when it has ended."""
        for number, wait_s in ((signal.SIGTERM, TERMINATE_S), (signal.SIGKILL, 5.0)):
            if self._ended.is_set() or self.pid is None:
                return
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if self._ended.wait(wait_s):
                return


class Launcher:
    """A nursery as a context; any thread may begin runs, and several may go at once."""

    def __init__(self, folder: Path, words: Path) -> None:
        self._folder = folder
        self._words = words
        self._lock = threading.Lock()
        self._launched: list[Launched] = []
        self._ready = threading.Event()
        self._gone = False
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._words.parent.mkdir(parents=True, exist_ok=True)
        with self._words.open("w", encoding="utf-8") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "harness.load.nursery"],
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
                bufsize=1,
                start_new_session=True,  # Ctrl-C reaches us first; we pass it on and wait for the ledger
            )
        assert self._process.stdout is not None
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()  # it ends; a run that is still there sees that its parent is gone
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)

    def begin(self, argv: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path | None = None) -> Launched:
        """``locust ARGV`` in the folder, or ``cwd``, its words in ``log``; raises PilotError when the nursery is gone."""
        if not self._ready.wait(START_S) or self._gone:
            raise self.lost()
        assert self._process is not None
        assert self._process.stdin is not None
        with self._lock:
            launched = Launched()
            self._launched.append(launched)
            try:
                job = {"argv": [*argv], "env": {**env}, "log": str(log), "cwd": str(cwd or self._folder)}
                self._process.stdin.write(json.dumps(job) + "\n")
                self._process.stdin.flush()
            except OSError:
                raise self.lost() from None
        return launched

    def lost(self) -> PilotError:
        return PilotError("the process that begins the runs is gone", f"its words are in {self._words}")

    def _listen(self, out: IO[str]) -> None:
        for line in out:
            said = json.loads(line)
            if "begun" in said:
                self._launched[said["begun"] - 1].hear(said.get("pid"), said.get("code"))
            self._ready.set()
        self._gone = True
        self._ready.set()
        for launched in self._launched:
            launched.hear(gone=True)
        out.close()
