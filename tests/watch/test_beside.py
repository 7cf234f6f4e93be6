"""Which evidence a folder means, and a page beside a command, which stops nothing."""

import sys
import time
from contextlib import chdir

import pytest

from harness.errors import NoWorkspace, Refused
from harness.watch.beside import Beside
from harness.watch.found import found
from tests.builders import Pilot


def test_a_folder_is_a_workspace_or_a_races(tmp_path):
    workspace, plan, store = Pilot(tmp_path, blocks=2, per_run=5).write()
    race = store.new_race()
    race.write_plan(plan)
    with chdir(tmp_path):
        here = found(None)

    assert here[1].root == found(tmp_path)[1].root == workspace.evidence
    assert (found(race.root)[0].root, found(race.root)[1].root) == (workspace.root, race.root)
    with pytest.raises(Refused, match="holds neither"):
        found(tmp_path / "targets")
    (tmp_path.parent / "alone").mkdir(exist_ok=True)
    with chdir(tmp_path.parent / "alone"), pytest.raises(NoWorkspace):
        found(None)


def test_a_page_that_does_not_start_says_so_once_and_stops_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    said = []
    with Beside(tmp_path, tmp_path / "state" / "watch.err", said.append):
        deadline = time.monotonic() + 10
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)

    assert said == [f"the live page did not start: see {tmp_path / 'state' / 'watch.err'}"]


def test_a_python_that_is_gone_is_said_too(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    said = []
    with Beside(tmp_path, tmp_path / "watch.err", said.append):
        pass

    assert said == ["the live page did not start: No such file or directory"]
