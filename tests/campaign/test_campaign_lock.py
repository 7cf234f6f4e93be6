"""One campaign a workspace at a time: two would measure each other."""

import pytest

from harness.campaign.lock import MEASURING, alone
from harness.workspace import open_workspace
from tests.attack.ways import workspace
from tests.cli.inside import pilot


@pytest.mark.parametrize("command", [("run", "--now"), ("calibrate",)])
def test_a_second_one_is_refused_before_anything_is_sent_and_names_the_first(tmp_path, command):
    ours = open_workspace(workspace(tmp_path, "http://127.0.0.1:9"))
    with alone(ours.state / MEASURING, "pilot sweep"):
        second = pilot(tmp_path, *command)

    assert second.returncode == 2
    assert "another pilot sweep is running in this workspace, process" in second.stderr
    assert not (tmp_path / "evidence" / "blocks").exists()
