"""How long a deployment takes is written down, and stands in the runbook."""

import sys

import pytest

from harness import pipeline
from harness.errors import Refused
from harness.evidence.store import Store
from harness.run.timing import timed
from tests.builders import LIGHT, Pilot


def clock(*instants):
    left = list(instants)
    return lambda: left.pop(0)


def test_seconds_and_exit_code_are_kept_and_the_command_is_not(tmp_path):
    store = Store(tmp_path)
    made = timed(store, "alpha", "deploy", [sys.executable, "-c", "raise SystemExit(3)"], clock(10.0, 252.34))
    [entry] = store.journal()

    assert (made.seconds, made.exit_code) == (242.3, 3)
    assert (entry["event"], entry["target"], entry["step"]) == ("timed", "alpha", "deploy")
    assert sys.executable not in str(entry)


def test_what_is_no_command_is_refused_and_not_written_down(tmp_path):
    with pytest.raises(Refused, match="No such file"):
        timed(Store(tmp_path), "alpha", "deploy", ["no-such-command-anywhere"])
    assert Store(tmp_path).journal() == []


def test_the_runbook_shows_the_last_of_each_and_what_nobody_timed(tmp_path):
    pilot = Pilot(tmp_path)
    workspace, _, store = pilot.write()
    timed(store, "alpha", "deploy", [sys.executable, "-c", ""], clock(0.0, 300.0))
    timed(store, "alpha", "deploy", [sys.executable, "-c", ""], clock(0.0, 240.0))
    rows = pipeline.report_table(workspace, "timed", effort=LIGHT).splitlines()

    assert rows[0] == "target,step,took,exit code,times,on (UTC)"
    assert rows[1].startswith("Alpha,deploy,4 min,0,2,")
    assert rows[2].startswith("Alpha,rollback,not timed: pilot time alpha rollback,")
    assert len(rows) == 5
