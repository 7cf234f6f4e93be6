"""The embedded platform's control side, reached through child commands alone."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.domain.target import Cold, Target
from harness.errors import PilotError
from harness.platforms.shared.ready import wait_ready

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

COLD_TIMEOUT_S = 90
UNREPORTED = ("command", "environment", "needs", "source")  # paths of this machine, nothing a reader needs


class LocalRuntime:
    """Verified live: the platform it controls runs in this repository's tests."""

    def __init__(self, target: Target, root: Path, base_url: str) -> None:
        self._target = target
        self._root = root
        self._base_url = base_url

    def facts(self) -> dict[str, Any]:
        config = _told(self._target.runtime)
        if (jobs := config.pop("jobs", None)) is not None:
            config["jobs"] = _told(jobs)
        return {"kind": type(self._target.runtime).__name__, "configured": config}

    def make_cold(self) -> Cold:
        command = [sys.executable, "-P", "-m", "harness", "cold", self._target.name]
        try:
            done = subprocess.run(
                command, cwd=self._root, capture_output=True, text=True, timeout=COLD_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise PilotError(
                f"{self._target.name} was not cold within {COLD_TIMEOUT_S} s", "pilot down, then up again"
            ) from None
        if done.returncode:
            raise PilotError(
                f"{self._target.name} could not be made cold: {done.stderr.strip()}",
                "pilot up starts it; pilot down, then up again where it hangs",
            )
        said = json.loads(done.stdout)
        return Cold(str(said["kind"]), str(said["method"]))

    def wait_ready(self) -> None:
        wait_ready(self._target, self._base_url)


def _told(table: DataclassInstance) -> dict[str, Any]:
    names = (field.name for field in dataclasses.fields(table) if field.name not in UNREPORTED)
    return {name: getattr(table, name) for name in names}


control = LocalRuntime
