"""Keeps the embedded targets of a campaign up, in one child process, for exactly as long as it runs."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from harness.domain.target import Target
from harness.errors import Exit, PilotError, Refused
from harness.signals import PARENT_OF_TARGETS
from harness.workspace import Workspace

START_S = 60.0


class EmbeddedPlatform:
    """``pilot up A B`` as a context; base URLs of every target, embedded or not."""

    def __init__(self, workspace: Workspace, targets: Sequence[Target]) -> None:
        self._root = workspace.root
        self._words = workspace.state / "campaign.err"
        self._embedded = list(dict.fromkeys(t.name for t in targets if t.embedded))
        self._urls = {t.name: t.base_url for t in targets if t.base_url}
        self._lanes = {t.name: t.lanes for t in targets}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if self._embedded:
            self._words.parent.mkdir(parents=True, exist_ok=True)
            with self._words.open("w", encoding="utf-8") as err:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "harness", "up", *self._embedded],
                    cwd=self._root,
                    env={**os.environ, PARENT_OF_TARGETS: str(os.getpid())},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=err,
                    bufsize=0,  # a buffered second line would be invisible to select
                    start_new_session=True,
                )
            try:
                self._read_urls()
            except BaseException:
                self.__exit__(None, None, None)
                raise
        return self

    def _read_urls(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        deadline = time.monotonic() + START_S
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while len(self._urls) < len({*self._urls, *self._embedded}):
                if not selector.select(timeout=max(0.0, deadline - time.monotonic())):
                    raise PilotError(
                        f"{', '.join(self._embedded)} did not come up within {START_S:g} s",
                        f"its words are in {self._words}",
                    )
                line = self._process.stdout.readline()
                if not line:
                    self._failed()
                data = json.loads(line)
                self._urls[data["target"]] = data["base_url"]
                self._lanes[data["target"]] = tuple(data["lanes"])

    def _failed(self) -> None:
        assert self._process is not None
        code = self._process.wait()
        words = self._words.read_text(encoding="utf-8", errors="replace").strip().removeprefix("pilot: ")
        raise (Refused if code == Exit.REFUSED else PilotError)(f"the embedded targets did not start: {words}")

    def url(self, target: str) -> str:
        return str(self._urls[target])

    def lanes(self, target: str) -> tuple[str, ...]:
        """Base URLs of its independent copies."""
        return self._lanes.get(target, ())

    @property
    def alive(self) -> bool:
        return self._process is None or self._process.poll() is None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
