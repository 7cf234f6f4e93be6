"""One run as a Locust child process, watched until it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from harness.domain.plan import ProfilePlan, Run
from harness.errors import Exit

TERMINATE_S = 15.0
OVERTIME_FACTOR, OVERTIME_S = 1.5, 120.0  # an experiment takes as long as its target makes it
POLL_S = 0.2


def command_of(run: Run, profile: ProfilePlan, folder: Path) -> list[str]:
    """What a person would type to do this run by hand."""
    options = [part for pair in profile.options for part in pair]
    return [
        *(sys.executable, "-m", "locust", "-f", profile.file, "--headless", "--only-summary", "--loglevel", "WARNING"),
        *("--target", run.target, "--seed", str(run.seed), "--evidence", str(folder), *options),
    ]


def launch(
    run: Run,
    profile: ProfilePlan,
    urls: tuple[str, ...],
    folder: Path,
    root: Path,
    tick: Callable[[float], None],
) -> int:
    """Run it; returns the child's exit code. What ``tick`` raises stops the child first, which then closes its ledger.

    ``urls``: the target's, then those of its independent copies. The child's words go
    to a log beside its folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "PILOT_CAMPAIGN": "1",
        "PILOT_BASE_URL": urls[0],
        "PILOT_LANE_URLS": ",".join(urls[1:]),
        "PILOT_PARENT_PID": str(os.getpid()),
    }
    with folder.with_suffix(".log").open("wb") as log:
        child = subprocess.Popen(
            command_of(run, profile, folder),
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us first; we pass it on and wait for the ledger
        )
        began = time.monotonic()
        try:
            while child.poll() is None:
                elapsed = time.monotonic() - began
                tick(elapsed)
                if elapsed > OVERTIME_FACTOR * run.expected_s + OVERTIME_S:
                    _terminate(child)
                    return int(Exit.INVALID)
                time.sleep(POLL_S)
        except BaseException:
            _terminate(child)
            raise
    return int(child.returncode)


def _terminate(child: subprocess.Popen[bytes]) -> None:
    """SIGTERM, time to flush, then SIGKILL."""
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
    try:
        child.wait(TERMINATE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(5)
