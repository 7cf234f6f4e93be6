"""What locustfiles would send, from one process that has imported Locust: ``harness.load.describe`` without its start.

``python -m tests.load.describing`` reads lines of JSON, as ``described`` writes them, and prints what the command would.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.suite import processes

ROOT = Path(__file__).parent.parent.parent


def described(cwd: Path, jobs: Sequence[Sequence[str]], env: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each job, a locustfile and its options, in a fork of its own."""
    child = _child()
    assert child.stdin
    assert child.stdout
    child.stdin.write(json.dumps({"cwd": str(cwd), "jobs": jobs, "env": dict(env)}) + "\n")
    child.stdin.flush()
    line = child.stdout.readline()
    assert line, "the child died"
    said: list[dict[str, Any]] = json.loads(line)
    return said


@functools.cache
def _child() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.load.describing"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    processes.AT_THE_END.enter_context(child)  # closes its input, which ends it, and waits
    return child


def main() -> None:
    sys.path.pop(0)  # as by -P, which the command is started with
    from harness.load import ChatUser  # noqa: F401
    from harness.load.describe import apart

    for asked in sys.stdin:
        given = json.loads(asked)
        os.chdir(given["cwd"])
        os.environ.clear()
        os.environ.update(given["env"])
        print(json.dumps([apart(file, words) for file, *words in given["jobs"]]), flush=True)


if __name__ == "__main__":
    main()
