"""Runs Locust as a person would, or as a campaign does, and reads what it left."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from harness.domain.ledger import LIMITS
from harness.launch import Launcher
from tests.load import describing
from tests.suite import processes, warm

ROOT = Path(__file__).parent.parent.parent
STEADY = ROOT / "loadprofiles" / "steady.py"
TIMED = ("loop_lag_p99_s", "cpu_p95_pct", "gc_pause_max_s")  # what other work on this machine makes worse


@dataclass
class Done:
    """A finished run."""

    code: int
    output: str
    folder: Path

    @property
    def ended_well(self) -> bool:
        """As planned, but for what a busy machine may have made late: how late is for the tests that run alone."""
        if self.code != 3:
            return self.code == 0
        ledger = self.json("ledger.json")
        late = [abs(ledger[gauge] or 0) > LIMITS[gauge] for gauge in TIMED]
        return len(ledger["reasons"]) == sum(late) + (ledger["lag_p99_s"] > ledger["lag_limit_s"])

    @property
    def samples(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.folder / "samples.parquet").to_pylist()
        return rows

    def json(self, name: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.folder / name).read_text())
        return value


def questions_file(folder: Path, acts) -> Path:
    """One question an act, so that a schedule's question says what the scripted server does."""
    path = folder / "questions.jsonl"
    rows = [{"id": f"q{k}", "messages": [{"role": "user", "content": act}]} for k, act in enumerate(acts)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def start(cwd: Path, *options: str, file: Path = STEADY, **environment: str) -> subprocess.Popen[bytes]:
    words = ["-f", str(file), "--headless", "--only-summary", *options]
    with (cwd / "output.txt").open("wb") as out:
        return warm.start("locust", *words, cwd=cwd, env={**os.environ, **environment}, file=out.fileno())


def finish(process: subprocess.Popen[bytes], cwd: Path, folder: Path, timeout: float = 60) -> Done:
    code = process.wait(timeout)
    return Done(code, (cwd / "output.txt").read_text(errors="replace"), folder)


def described(cwd: Path, *jobs: list[str], **environment: str) -> list[dict[str, Any]]:
    """What these command lines would send, each in a fork of one process, as ``pilot plan`` asks."""
    return describing.described(cwd, jobs, {**os.environ, **environment})


@functools.cache
def _launcher() -> Launcher:
    """Locust is imported once for the runs of all tests, as it is for those of a campaign."""
    words = Path(processes.AT_THE_END.enter_context(tempfile.TemporaryDirectory())) / "nursery.txt"
    return processes.AT_THE_END.enter_context(Launcher(ROOT, words))


def run(cwd: Path, *options: str, file: Path = STEADY, **environment: str) -> Done:
    """To its end, begun as a campaign begins it, evidence in ``cwd/run``."""
    folder = cwd / "run"
    argv = ["-f", str(file), "--headless", "--only-summary", "--evidence", str(folder), *options]
    begun = _launcher().begin(argv, {**os.environ, **environment}, cwd / "output.txt", cwd)
    if not begun.wait(90):
        begun.terminate()
    assert begun.code is not None
    return Done(begun.code, (cwd / "output.txt").read_text(errors="replace"), folder)


def interrupt_when_running(
    process: subprocess.Popen[bytes], folder: Path, least: int, name: int = signal.SIGTERM
) -> None:
    """Send a signal once so many samples have arrived."""
    wait_for_samples(folder, least)
    process.send_signal(name)


def wait_until_running(folder: Path) -> None:
    _wait((folder / "run.json").exists, 40)


def wait_for_samples(folder: Path, least: int) -> None:
    """Until so many are in the file that a crash leaves readable; its first line names the columns."""
    spool = folder / "samples.spool.jsonl"
    _wait(lambda: spool.exists() and spool.read_bytes().count(b"\n") > least, 60)


def _wait(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
