"""Child processes of tests: each in a group of its own, which ends as a group."""

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

STARTED: list[subprocess.Popen] = []
AT_THE_END = contextlib.ExitStack()  # what a worker starts once for all of its tests


def start(command, **given) -> subprocess.Popen:
    """As subprocess.Popen; what a test leaves of it is ended after that test."""
    process = subprocess.Popen(command, start_new_session=True, **given)
    STARTED.append(process)
    return process


def answer_of(module: str, given: object) -> object:
    """What a module of the tests prints, a line of JSON for each that it reads; a worker starts it once."""
    child = _answering(module)
    child.stdin.write(json.dumps(given) + "\n")
    child.stdin.flush()
    line = child.stdout.readline()
    assert line, f"{module} died"
    return json.loads(line)


@functools.cache
def _answering(module: str) -> subprocess.Popen:
    command, root = [sys.executable, "-m", module], Path(__file__).parent.parent.parent
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)
    return AT_THE_END.enter_context(child)  # closes its input, which ends it, and waits


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
