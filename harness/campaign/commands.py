"""Runs a team's own command to its end, or ends it with all that it started when this command is asked to end."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Any

import psutil

END_S = 5.0  # between SIGTERM and SIGKILL


def run_command(command: Sequence[str], **given: Any) -> int:  # noqa: ANN401 - as subprocess.Popen takes them
    """Its exit code; raises OSError where it cannot be started."""
    with subprocess.Popen(list(command), **given) as process:
        try:
            return process.wait()
        except BaseException:
            _end(process.pid)
            process.wait()  # it is gone; Popen hears of it
            raise


def _end(pid: int) -> None:
    """The whole tree: a shell does not pass a signal on."""
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for ask in ("terminate", "kill"):
        for process in tree:
            try:
                getattr(process, ask)()
            except psutil.Error:
                continue
        _, tree = psutil.wait_procs(tree, timeout=END_S)
