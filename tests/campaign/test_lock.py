"""One pass at a time."""

import os

import pytest

from harness import aside, pipeline
from harness.campaign.lock import MEASURING, alone
from harness.campaign.progress import Progress
from harness.errors import Refused
from tests.builders import Pilot


def test_a_second_pass_is_refused_while_the_first_runs_and_goes_on_after_it(tmp_path):
    path = tmp_path / "state" / "collect.lock"
    with (
        alone(path, "pilot collect"),
        pytest.raises(Refused, match="another pilot collect is running"),
        alone(path, "pilot collect"),
    ):
        pass
    with alone(path, "pilot collect"):
        assert path.exists()


def test_a_workspace_that_cannot_be_written_is_refused_before_anything_is_begun(tmp_path):
    (tmp_path / "state").write_text("")
    with (
        pytest.raises(Refused, match=r"Not a directory|File exists"),
        alone(tmp_path / "state" / "a.lock", "pilot run"),
    ):
        pass


def test_a_pass_that_crashed_leaves_no_lock(tmp_path):
    path = tmp_path / "collect.lock"
    with pytest.raises(ZeroDivisionError), alone(path, "pilot collect"):
        _ = 1 / 0
    with alone(path, "pilot collect"):
        pass


def test_the_holder_is_named_with_its_process(tmp_path):
    path = tmp_path / "measuring.lock"
    with (
        alone(path, "pilot sweep"),
        pytest.raises(Refused, match=f"another pilot sweep is running in this workspace, process {os.getpid()}"),
        alone(path, "pilot run"),
    ):
        pass


@pytest.mark.parametrize("second", ["run", "calibrate"])
def test_nothing_measures_while_another_does(tmp_path, second):
    """Two at once would each be the other's noisy neighbour, and both look valid."""
    workspace, _, store = Pilot(tmp_path).write()
    before = store.journal()
    begin = {
        "run": lambda p: pipeline.run(workspace, p, now=True),
        "calibrate": lambda p: aside.calibrate(workspace, p),
    }
    with (
        Progress(quiet=True) as progress,
        alone(workspace.state / MEASURING, "pilot run"),
        pytest.raises(Refused, match="another pilot run is running in this workspace"),
    ):
        begin[second](progress)

    assert store.journal() == before
