"""``pilot calibrate``: every check in turn, and the record that each report of this pilot carries."""

from __future__ import annotations

import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

import harness
from harness.calibration import checks
from harness.calibration.checks import Checked, Floor
from harness.calibration.laws import SingleServer
from harness.evidence.files import dump, write_text
from harness.evidence.store import CALIBRATION, CALIBRATION_VERSION


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


def calibrate(say: Callable[[str], None], *, long: bool = False) -> Calibration:
    """About 80 s, with ``long`` about five minutes; the checks of laws run side by side, they are light."""
    say("the generator's own floor, and the highest rate that it holds")
    floor = checks.floor(say=say)
    jobs: list[tuple[str, Callable[[], list[Checked]]]] = [
        ("stall server and a closed-loop control (about 55 s)", checks.stall),
        ("M/G/inf (about 25 s)", checks.sleep),
        ("streams (about 12 s)", checks.stream),
    ]
    if long:
        jobs += [
            ("D/M/1 (about 210 s)", lambda: checks.queue(SingleServer(even=True))),
            ("M/M/1 (about 210 s)", lambda: checks.queue(SingleServer())),
        ]
    say("side by side: " + ", ".join(name for name, _ in jobs))
    with ThreadPoolExecutor(len(jobs)) as pool:
        found = [result for done in [pool.submit(job) for _, job in jobs] for result in done.result()]
    return Calibration(floor, tuple(found))


def record(calibration: Calibration) -> dict[str, Any]:
    """As it stands in calibration.json."""
    return {
        "schema_version": CALIBRATION_VERSION,
        "measured_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "passed": calibration.passed,
        "machine": machine(),
        "versions": versions(),
        "floor": asdict(calibration.floor),
        "checks": [asdict(c) for c in calibration.checks],
    }


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
    return path
