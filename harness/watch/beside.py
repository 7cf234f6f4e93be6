"""The page beside a command that measures: a process of its own, so that nothing of it is on the load's path."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.evidence.store import Store
from harness.workspace import Workspace

PARENT_VARIABLE = "PILOT_WATCHES_FOR"  # set here: the page ends when this process's end of the pipe closes
END_S = 5.0


def beside(workspace: Workspace, say: Callable[[str], None], store: Store | None = None) -> Beside:
    """Of a workspace's campaign, or of another store of it."""
    return Beside(workspace.root if store is None else store.root, workspace.state / "watch.err", say)


class Beside:
    """A context; the address is said when it is known, and a page that does not start stops nothing."""

    def __init__(self, folder: Path, words: Path, say: Callable[[str], None]) -> None:
        self._folder, self._words, self._say = folder, words, say
        self._process: subprocess.Popen[bytes] | None = None
        self._over = False

    def __enter__(self) -> Self:
        self._words.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._words.open("wb") as err:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "harness", "watch", str(self._folder), "--json"],
                    env={**os.environ, PARENT_VARIABLE: str(os.getpid())},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=err,
                    start_new_session=True,  # Ctrl-C is the run's; the page goes on to its end
                )
        except OSError as error:
            self._say(f"the live page did not start: {error.strerror}")
            return self
        threading.Thread(target=self._announce, daemon=True).start()
        return self

    def _announce(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as out:  # it says no more than this
            line = out.readline()
        with suppress(ValueError, KeyError, TypeError):
            self._say(
                f"live page: {json.loads(line)['address']}\n  (anyone on this machine who has the address can open it)"
            )
            return
        if not self._over:
            self._say(f"the live page did not start: see {self._words}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._over = True
        with suppress(OSError):
            self._process.stdin.close()  # it shows the end, and ends
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(END_S)
