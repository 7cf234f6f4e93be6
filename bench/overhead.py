"""``python -m bench.overhead [DIR]``: where the wall-clock of a pilot went, in seconds a run beyond its schedule.

DIR holds pilot.toml; the default is the demo's. A run's schedule ends with the last
answer it waited for, so what is beyond is ours: beginning the process, closing the
evidence, asking for facts, and whatever lies between two runs.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq

from harness.evidence.store import Store
from harness.workspace import open_workspace

BETWEEN_S = 30.0  # a longer gap is a slot that was waited for, or a person


@dataclass
class Line:
    """One profile's runs."""

    runs: int = 0
    wall_s: float = 0.0
    schedule_s: float = 0.0
    beyond_s: list[float] = field(default_factory=list)


def main(folder: Path) -> None:
    """Print a line a profile, then what lies between runs and in all."""
    workspace = open_workspace(folder)
    store = Store(workspace.evidence)
    plan = store.plan()
    assert plan is not None
    runs = {run.id: run for run in plan.runs}
    lines: dict[str, Line] = defaultdict(Line)
    between: list[float] = []
    begun: dict[str, datetime] = {}
    ended: datetime | None = None
    first = last = None
    for entry in store.journal():
        at = datetime.fromisoformat(entry["utc"])
        if entry["event"] == "run begun":
            begun[entry["run"]] = at
            first = first or at
            if ended is not None and len(begun) == 1 and (gap := (at - ended).total_seconds()) < BETWEEN_S:
                between.append(gap)
        if entry["event"] == "run ended":
            wall_s = (at - begun.pop(entry["run"])).total_seconds()
            last = ended = at
            run = runs[entry["run"]]
            schedule_s = _last_answer_s(store.run_folder(run, entry["attempt"]))
            if schedule_s is not None:
                line = lines[run.profile]
                line.runs += 1
                line.wall_s += wall_s
                line.schedule_s += schedule_s
                line.beyond_s.append(wall_s - schedule_s)
    print(f"{'profile':<14}{'runs':>6}{'wall s':>10}{'schedule s':>12}{'beyond, s a run':>17}")
    for name, line in lines.items():
        print(
            f"{name:<14}{line.runs:>6}{line.wall_s:>10.1f}{line.schedule_s:>12.1f}"
            f"{sum(line.beyond_s) / line.runs:>17.2f}"
        )
    beyond = [s for line in lines.values() for s in line.beyond_s]
    whole_s = (last - first).total_seconds() if first and last else 0.0
    print(
        f"in all {len(beyond)} runs, {whole_s:.0f} s: {sum(beyond) / max(1, len(beyond)):.2f} s a run beyond its schedule,"
    )
    print(f"and {sum(between) / max(1, len(between)):.2f} s between two runs")


def _last_answer_s(folder: Path) -> float | None:
    """When the run's last answer ended, on its own clock; None where it left no samples."""
    try:
        ends = pq.read_table(folder / "samples.parquet", columns=["finished_s"]).column("finished_s").to_pylist()
    except OSError:
        return None
    return max((end for end in ends if end is not None), default=None)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ".pilot/demo"))
