"""What locustfiles would send, from one process that has imported Locust: ``harness.load.describe`` without its start.

``python -m tests.load.describing`` reads lines of JSON, as ``described`` writes them, and prints what the command would.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.suite import processes


def described(cwd: Path, jobs: Sequence[Sequence[str]], env: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each job, a locustfile and its options, in a fork of its own."""
    given = {"cwd": str(cwd), "jobs": jobs, "env": dict(env)}
    said: list[dict[str, Any]] = processes.answer_of("tests.load.describing", given)
    return said


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
