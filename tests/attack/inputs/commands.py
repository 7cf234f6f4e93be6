"""Commands of ``pilot`` and options of a profile, each with what somebody spoilt; run as a person runs them."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.attack.inputs import sample

NUMBERS = (
    "nan",
    "inf",
    "-inf",
    "-1",
    "1e308",
    "1e400",
    "9" * 400,
    "",
    "x",
    "0x10",
    "1_000_000_000",
    "½",
    "true",
    "1\x00",
)
OPTIONS = (
    "rate",
    "duration",
    "warmup",
    "speed",
    "cv",
    "deadline",
    "seed",
    "slots",
    "stream-share",
    "zipf",
    "repeats",
    "turns",
)
TEXTS = (
    "passages",
    "prompt-tokens",
    "max-tokens",
    "questions",
    "trace",
    "target",
    "host",
    "dialect",
    "mode",
    "arrivals",
    "retry",
)
WORDS = (
    "nan",
    "-1",
    "1e308",
    "\x1b[2J",
    "a\r\nb",
    "x" * 20_000,
    "/dev/zero",
    "/dev/null",
    "/",
    "../../x",
    "½",
    "\ud800",
)
SOUND = {("max-tokens", "1_000_000_000")}
INIT = (
    "--p95",
    "--ttft",
    "--error-rate",
    "--monthly-usd",
    "--requests-per-month",
    "--peak",
    "--budget",
    "--stream-share",
)


@dataclass(frozen=True)
class Ended:
    """How a command ended, what it said, how long it took and the most memory it held."""

    code: int
    said: str
    seconds: float
    peak_mib: float

    @property
    def traceback(self) -> bool:
        return "Traceback (most recent call last)" in self.said


def profile_options() -> list[list[str]]:
    """Options of loadprofiles/steady.py, one spoilt at a time; none of them is sound."""
    jobs = [[f"--{name}={value}"] for name in OPTIONS for value in NUMBERS if value]
    jobs += [[f"--{name}={value}"] for name in TEXTS for value in WORDS if "\ud800" not in value]
    return [["loadprofiles/steady.py", *options] for options in jobs]


def describe(root: Path, jobs: list[list[str]], timeout_s: float) -> list[dict[str, object]]:
    """Each in a fork of one process that has Locust, as ``pilot plan`` asks; raises on a wait."""
    done = subprocess.run(
        [sys.executable, "-m", "harness.load.describe"],
        cwd=root,
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=True,
        env=os.environ | sample.VARIABLES,
    )
    said: list[dict[str, object]] = json.loads(done.stdout)
    return said


def pilot(root: Path, *words: str, most_s: float = 60.0) -> Ended:
    """One command; ended with 124 where it takes longer."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *words],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=(out := _file(root)),
        stderr=out,
        env=os.environ | sample.VARIABLES,
        start_new_session=True,
    )
    usage = None
    while usage is None:
        pid, status, found = os.wait4(process.pid, os.WNOHANG)
        if pid:
            usage, process.returncode = found, os.waitstatus_to_exitcode(status)
        elif time.monotonic() - began > most_s:
            os.killpg(process.pid, signal.SIGKILL)
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 124
        else:
            time.sleep(0.02)
    out.seek(0)
    said = out.read().decode("utf-8", "replace")
    out.close()
    return Ended(process.returncode, said, time.monotonic() - began, _mib(usage))


def _file(root: Path):
    return (root / ".words").open("w+b")


def _mib(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)
