"""Starts an embedded target as a child: the platform is never imported into Locust's patched process."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TYPE_CHECKING

import gevent
from gevent import subprocess

from harness.errors import Exit, PilotError, Refused
from harness.signals import PARENT_OF_TARGETS

if TYPE_CHECKING:
    from pathlib import Path

START_S = 30.0


class TargetChild:
    """``pilot up NAME`` for the length of this process."""

    def __init__(self, target: str, workspace: Path) -> None:
        self._target = target
        self._workspace = workspace
        self._process: subprocess.Popen | None = None
        self.base_url: str | None = None
        self.lanes: tuple[str, ...] = ()

    def start(self) -> None:
        """Return when the target is up; raises PilotError with the child's own words."""
        command = [sys.executable, "-P", "-m", "harness", "up", self._target]
        self._process = subprocess.Popen(
            command,
            cwd=self._workspace,
            env={**os.environ, PARENT_OF_TARGETS: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is ours to handle first
        )
        with gevent.Timeout(START_S, PilotError(f"{self._target} did not come up within {START_S:g} s")):
            line = self._process.stdout.readline()
        if not line:
            words = self._process.stderr.read().decode("utf-8", "replace").strip()
            code = self._process.wait()
            kind = Refused if code == Exit.REFUSED else PilotError
            raise kind(f"{self._target} could not be started: {words}")
        said = json.loads(line)
        self.base_url, self.lanes = said["base_url"], tuple(said["lanes"])

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
