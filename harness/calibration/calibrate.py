"""``pilot calibrate``: every check in turn, and the record that each report of this pilot carries."""

from __future__ import annotations

import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

import harness
from harness.calibration import checks
from harness.calibration.checks import Checked, Floor
from harness.calibration.laws import SingleServer
from harness.calibration.trial import generator
from harness.evidence.files import dump, write_text
from harness.evidence.schema import CALIBRATION_FORMAT
from harness.evidence.store import CALIBRATION, Store


@dataclass(frozen=True)
class Calibration:
    """What one machine's generator said of every law."""

    floor: Floor
    checks: tuple[Checked, ...]

    @property
    def passed(self) -> bool:
        """Every check, and the floor was measured."""
        return bool(self.checks) and all(c.verdict == checks.PASS for c in self.checks) and self.floor.told

    @property
    def failed(self) -> bool:
        """Whether one says no; neither this nor passed: something could not be told."""
        return any(c.verdict == checks.FAIL for c in self.checks)


@dataclass(frozen=True)
class Effort:
    """How long each check takes: longer runs have smaller tolerances, the laws are the same."""

    floor_s: float
    held_s: float
    rates: tuple[float, ...]
    stall_s: float
    sleep_n: int
    stream_s: float
    queues: bool = False

    @property
    def expected_s(self) -> float:
        """About how long all of it takes."""
        laws_s = max(self.stall_s, self.sleep_n / checks.SLEEP_RATE, self.stream_s, 210.0 if self.queues else 0.0)
        return self.floor_s + self.held_s * len(self.rates) + laws_s + RUN_S * (2 + len(self.rates))


RUN_S = 1.2  # a run's own start and end
BRIEF = Effort(1.5, 1.2, (500.0, 1000.0), 8.0, 2000, 4.0)
USUAL = Effort(4.0, 2.0, (250.0, 500.0, 1000.0, 2000.0, 4000.0), 12.0, 5000, 8.0)
LONG = replace(USUAL, stall_s=40.0, queues=True)


def calibrate(say: Callable[[str], None], effort: Effort = USUAL) -> Calibration:
    """The floor with the machine to itself, then the laws side by side: they are light."""
    with generator() as made:
        say("the generator's own floor, and the highest rate that it holds")
        floor = checks.floor(made, effort.rates, effort.floor_s, effort.held_s, say)
        jobs: list[tuple[str, Callable[[], list[Checked]]]] = [
            ("a server that stalls, with a closed-loop control", lambda: checks.stall(made, effort.stall_s)),
            ("M/G/inf", lambda: checks.sleep(made, effort.sleep_n)),
            ("streams", lambda: checks.stream(made, effort.stream_s)),
        ]
        if effort.queues:
            jobs += [
                ("D/M/1", lambda: checks.queue(made, SingleServer(even=True))),
                ("M/M/1", lambda: checks.queue(made, SingleServer())),
            ]
        say("side by side: " + ", ".join(name for name, _ in jobs))
        with ThreadPoolExecutor(len(jobs)) as pool:
            try:
                found = [result for done in [pool.submit(job) for _, job in jobs] for result in done.result()]
            except BaseException:
                made.stop()  # or the pool would wait for all of them
                raise
    return Calibration(floor, tuple(found))


def record(calibration: Calibration) -> dict[str, Any]:
    """As it stands in calibration.json."""
    return CALIBRATION_FORMAT.stamped(
        {
            "measured_utc": datetime.now(UTC).isoformat(timespec="seconds"),
            "passed": calibration.passed,
            "machine": machine(),
            "versions": versions(),
            "floor": asdict(calibration.floor),
            "checks": [asdict(c) for c in calibration.checks],
        }
    )


def machine() -> dict[str, Any]:
    """What a generator's timing depends on."""
    return {"system": f"{platform.system()} {platform.machine()}", "cores": psutil.cpu_count()}


def versions() -> dict[str, str]:
    """As a run's own record names them."""
    return {
        "harness": harness.__version__,
        "locust": version("locust"),
        "gevent": version("gevent"),
        "python": platform.python_version(),
    }


def write(folder: Path, calibration: Calibration) -> Path:
    """The newest record of a pilot; an older one is kept beside it under its own time."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / CALIBRATION
    if path.exists():
        stamp = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y%m%dT%H%M%SZ")
        path.rename(folder / f"calibration-{stamp}.json")
    write_text(path, dump(record(calibration)))
    Store(folder).keep(CALIBRATION)
    return path
