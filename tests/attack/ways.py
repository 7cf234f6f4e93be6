"""Every way in which a run is begun, each as one process tree that an attack can be let loose on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness.evidence.events import CHECKED
from harness.evidence.store import Store
from tests.cli.inside import pilot as inside
from tests.load.run import STEADY, questions_file
from tests.local.platform import workspace as embedded
from tests.peers.start import free_port
from tests.suite import processes

PILOT = [sys.executable, "-m", "harness"]
LOCUST = [sys.executable, "-m", "locust", "-f", str(STEADY), "--only-summary"]
MARK = "PILOT_ATTACK"
PILOT_TOML = """
[pilot]
question  = "?"
baseline  = "alpha"
candidate = "beta"
blocks    = 2
[slo]
p95_s      = 5
error_rate = 0.01
profiles   = ["steady"]
[traffic]
requests_per_month = 1000
peak_per_s         = 1
[limits]
budget_usd = 10
attempts   = 6
[load]
questions    = "questions.jsonl"
deadline_s   = 5
stream_share = 0.5
[profiles.steady]
rate       = 20
duration_s = {seconds}
warmup_s   = 0
"""
TARGET_TOML = """
base_url = "{url}"
dialect  = "rag-chat/1"
[runtime]
kind = "external"
[prices]
book       = "aws-2026-11"
region     = "us-east-1"
model      = "fargate-alb"
parameters = {{ vcpu = 1, memory_gb = 2, tasks = 2 }}
"""
SCHEDULE = """from harness.load import ChatUser, arrivals


class SteadyUser(ChatUser):
    schedule = arrivals.poisson(rate=20).during(2)
"""


@dataclass
class Begun:
    """One way that was taken: its first process, any others beside it, and where its evidence goes."""

    process: subprocess.Popen
    evidence: Path
    output: Path
    beside: list[subprocess.Popen] = field(default_factory=list)

    @property
    def folders(self) -> list[Path]:
        """Of every run that began."""
        return sorted(path.parent for path in self.evidence.rglob("run.json"))

    @property
    def ledgers(self) -> list[dict]:
        return [json.loads((folder / "ledger.json").read_text()) for folder in self.folders]

    @property
    def words(self) -> str:
        return self.output.read_text(errors="replace")


Way = Callable[[Path, str, str], Begun]


def _start(command: list[str], folder: Path, mark: str, name: str = "output.txt") -> subprocess.Popen:
    with (folder / name).open("wb") as out:
        return processes.start(
            command,
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, MARK: mark},
        )


def _options(folder: Path, url: str, seconds: float = 4) -> list[str]:
    questions = questions_file(folder, ["ok"])
    given = {"--host": url, "--rate": 20, "--duration": seconds, "--warmup": 0, "--deadline": 3}
    given |= {"--slots": 40, "--questions": questions, "--evidence": folder / "evidence"}
    return [str(part) for pair in given.items() for part in pair]


def _locust(*more: str) -> Way:
    def begin(folder: Path, url: str, mark: str) -> Begun:
        process = _start([*LOCUST, *_options(folder, url), *more], folder, mark)
        return Begun(process, folder / "evidence", folder / "output.txt")

    return begin


def page(folder: Path, url: str, mark: str) -> Begun:
    """The web UI, which begins by itself here and stays when the run is over."""
    port = str(free_port())
    process = _start([*LOCUST, "--autostart", "--web-port", port, *_options(folder, url)], folder, mark)
    return Begun(process, folder / "evidence", folder / "output.txt")


def apart(folder: Path, url: str, mark: str) -> Begun:
    """A master and two workers that were started by hand."""
    port = str(free_port())
    options = _options(folder, url)
    at = ["--headless", "--master", "--expect-workers", "2", "--master-bind-port", port]
    master = _start([*LOCUST, *options, *at], folder, mark)
    join = ["--worker", "--master-port", port, *options]
    workers = [_start([*LOCUST, *join], folder, mark, f"worker-{k}.txt") for k in range(2)]
    return Begun(master, folder / "evidence", folder / "output.txt", workers)


def workspace(folder: Path, url: str, seconds: float = 2, act: str = "ok") -> Path:
    """A sealed pilot of two blocks against one server that has passed its check."""
    folder.mkdir(exist_ok=True)
    (folder / "pilot.toml").write_text(PILOT_TOML.format(seconds=seconds))
    questions_file(folder, [act])
    (folder / "loadprofiles").mkdir()
    (folder / "loadprofiles" / "steady.py").write_text(SCHEDULE)
    for name in ("alpha", "beta"):
        (folder / "targets" / name).mkdir(parents=True)
        (folder / "targets" / name / "target.toml").write_text(TARGET_TOML.format(url=url))
    sealed = inside(folder, "plan", "--seal")
    assert sealed.returncode == 0, sealed.stderr
    Store(folder / "evidence").note(CHECKED, checks=1)
    return folder


def campaign(folder: Path, url: str, mark: str) -> Begun:
    """``pilot run``."""
    process = _start([*PILOT, "run", "--now"], workspace(folder, url), mark)
    return Begun(process, folder / "evidence" / "blocks", folder / "output.txt")


def calibrate(folder: Path, url: str, mark: str) -> Begun:
    """``pilot calibrate``: runs of its own, whose files go with it."""
    process = _start([*PILOT, "calibrate"], workspace(folder, url), mark)
    return Begun(process, folder / "nothing", folder / "output.txt")


def timing(folder: Path, url: str, mark: str) -> Begun:
    """``pilot time``: a command of the team's that starts another."""
    command = ["sh", "-c", f"{sys.executable} -c 'import time; time.sleep(60)'; true"]
    process = _start([*PILOT, "time", "alpha", "deploy", "--", *command], workspace(folder, url), mark)
    return Begun(process, folder / "nothing", folder / "output.txt")


def up(corpus: Path) -> Way:
    """``pilot up`` of both embedded targets, with the processes that they need."""

    def begin(folder: Path, url: str, mark: str) -> Begun:
        process = _start([*PILOT, "up", "local_container", "local_function"], embedded(folder, corpus), mark)
        return Begun(process, folder / "nothing", folder / "output.txt")

    return begin


WAYS: dict[str, Way] = {
    "headless": _locust("--headless"),
    "processes": _locust("--headless", "--processes", "2"),
    "page": page,
    "apart": apart,
    "campaign": campaign,
    "calibrate": calibrate,
    "time": timing,
}
