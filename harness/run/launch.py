"""One run of a plan as a Locust process, watched until it ends."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

from harness.domain.plan import ProfilePlan, Purpose, Run
from harness.launch import Launcher
from harness.signals import Asked

OVERTIME_FACTOR, OVERTIME_S = 1.5, 120.0  # an experiment takes as long as its target makes it
POLL_S = 0.2


def options_of(run: Run, profile: ProfilePlan, folder: Path) -> list[str]:
    """What a person would type after ``locust`` to do this run by hand."""
    options = [part for pair in profile.options for part in pair]
    return [
        *("-f", profile.file, "--headless", "--only-summary", "--loglevel", "WARNING"),
        *("--target", run.target, "--seed", str(run.seed), "--evidence", str(folder), *options),
    ]


def launch(
    launcher: Launcher,
    run: Run,
    profile: ProfilePlan,
    urls: tuple[str, ...],
    folder: Path,
    tick: Callable[[float], None],
    purpose: Purpose = Purpose.EVIDENCE,
) -> int | None:
    """Its exit code, negative where a signal killed it, None where nobody could tell; it has ended in any case.

    What ``tick`` raises stops it first, which then closes its ledger; a signal that this
    command got is passed on as it came. ``urls``: the target's, then those of its
    independent copies. Its words go to a log beside its folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    env = {"PILOT_CAMPAIGN": "1", "PILOT_BASE_URL": urls[0], "PILOT_LANE_URLS": ",".join(urls[1:])}
    env |= {"PILOT_PURPOSE": purpose.value}
    began = time.monotonic()
    launched = launcher.begin(options_of(run, profile, folder), env, folder.with_suffix(".log"))
    try:
        while not launched.wait(POLL_S):
            elapsed_s = time.monotonic() - began
            tick(elapsed_s)
            if elapsed_s > OVERTIME_FACTOR * run.expected_s + OVERTIME_S:
                launched.terminate()
                break
    except BaseException as error:
        launched.terminate(error.number if isinstance(error, Asked) else signal.SIGTERM)
        raise
    if launched.code is None:
        launched.outlived()
    return launched.code
