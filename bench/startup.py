"""What starting costs: ``pilot --help``, a locustfile that is described, ``import harness``; whole processes, in turns.

    python -m bench.startup [RUNS] [--against DIR]        default 10; DIR: another checkout, measured in the same turns

Wall seconds and processor seconds of each, least and median, beside ``python -c pass`` (the floor) and ``import locust``,
which every locustfile pays. Other tenants of the machine can only add, so the least says what the code costs. Then how
large the installed packages are, which is what a base install weighs when this environment holds one.

    python -m venv base && base/bin/pip install . && du -sm base
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLOOR = "python -c pass"
LOCUST = "import locust"
CASES = {
    FLOOR: ["-c", "pass"],
    LOCUST: ["-c", "import locust"],
    "import harness": ["-c", "import harness"],
    "pilot --help": ["-m", "harness", "--help"],
    "describe burst.py": ["-m", "harness.load.describe", "loadprofiles/burst.py"],
    "import pandas": ["-c", "import pandas"],
    "import boto3": ["-c", "import boto3"],
}


def once(arguments: list[str], root: Path) -> tuple[float, float]:
    """Wall and processor seconds of one process, of its own checkout."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": f"{root}:{root / 'targets' / 'ragchat'}"}
    subprocess.run([sys.executable, *arguments], cwd=root, env=environment, check=True, capture_output=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure in turns, so that a slow minute of the machine meets every case."""
    parser = argparse.ArgumentParser(
        prog="bench.startup", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("runs", type=int, nargs="?", default=10)
    parser.add_argument("--against", type=Path, metavar="DIR")
    given = parser.parse_args()
    roots = {"here": ROOT, **({"there": given.against.resolve()} if given.against else {})}
    found: dict[tuple[str, str], list[tuple[float, float]]] = {(name, at): [] for name in CASES for at in roots}
    for _ in range(given.runs + 1):  # the first of each warms the file cache and the byte code, and does not count
        for (name, at), measured in found.items():
            measured.append(once(CASES[name], roots[at]))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {given.runs} runs each")
    print(f"{'':<20}{'':<7}{'wall s, least (median)':>24}{'CPU s, least (median)':>24}{'x pass':>8}{'x locust':>10}")
    for (name, at), runs in found.items():
        wall, cpu = (sorted(values) for values in zip(*runs[1:], strict=True))
        beside = [cpu[0] / min(c for there in roots for _, c in found[other, there][1:]) for other in (FLOOR, LOCUST)]
        cells = [f"{values[0]:.3f} ({statistics.median(values):.3f})" for values in (wall, cpu)]
        print(f"{name:<20}{at:<7}{cells[0]:>24}{cells[1]:>24}{beside[0]:>8.1f}{beside[1]:>10.2f}")
    packages = Path(sys.prefix)
    size = sum(p.lstat().st_blocks * 512 for p in packages.rglob("*") if not p.is_symlink())
    print(f"this environment takes {size / 2**20:.0f} MB on disk")


if __name__ == "__main__":
    main()
