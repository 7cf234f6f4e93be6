"""The platform's own figures: what was not collected is not known, never zero."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from harness.analysis import platform
from harness.analysis.dataset import RunData
from harness.platforms.shared.local_signals import EMBEDDED
from tests.analysis.fakes import run_of


@dataclass
class Record:
    path: Path


def run(folder, readings=None):
    (folder / "readings").mkdir(parents=True)
    if readings is not None:
        (folder / "readings" / "local-logs.json").write_text(json.dumps({"readings": readings}))
    return RunData(1, "alpha", "burst", Record(folder), run_of(np.full(3, 0.1)).columns)


def series(metric, *values):
    return {"kind": "series", "metric": metric, "points": [[k, v] for k, v in enumerate(values)]}


def test_peaks_sums_and_means_over_runs(tmp_path):
    one = run(tmp_path / "1", [series("instances", 1, 8), series("cpu_s", 10, 12), series("throttle", 1, 1)])
    two = run(tmp_path / "2", [series("instances", 2, 5), series("cpu_s", 20, 24), series("throttle")])
    found = platform.figures("alpha", "burst", [one, two], EMBEDDED)

    assert (found.most_instances, found.cpu_s, found.refusals, found.collected) == (8, pytest.approx(3), 2, 2)


def test_what_was_not_collected_is_not_known(tmp_path):
    absent = {"kind": "absent", "metric": "cpu_s", "reason": "no log"}
    found = platform.figures(
        "alpha", "burst", [run(tmp_path / "1"), run(tmp_path / "2", [series("instances"), absent])], EMBEDDED
    )

    assert (found.runs, found.collected) == (2, 1)
    assert found.cpu_s is found.refusals is found.most_instances is None
