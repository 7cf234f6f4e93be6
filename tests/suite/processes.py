"""Child processes of tests: each in a group of its own, which ends as a group."""

import contextlib
import os
import signal
import subprocess

STARTED: list[subprocess.Popen] = []
AT_THE_END = contextlib.ExitStack()  # what a worker starts once for all of its tests


def start(command, **given) -> subprocess.Popen:
    """As subprocess.Popen; what a test leaves of it is ended after that test."""
    process = subprocess.Popen(command, start_new_session=True, **given)
    STARTED.append(process)
    return process


def end(process: subprocess.Popen) -> None:
    """The whole group, at once: also what the process started and forgot."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # as macOS calls a group of zombies
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()
    if process in STARTED:
        STARTED.remove(process)
