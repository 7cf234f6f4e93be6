"""A workspace that is still: what a decision asks of it again and again is read once."""

from harness.workspace import open_workspace
from tests.builders import Pilot
from tests.workspace.test_sweep_toml import APPLIED


def test_its_targets_stay_as_they_were_and_the_workspaces_own_are_as_they_are(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    path = tmp_path / "targets" / "alpha" / "target.toml"
    still = workspace.still()
    before = still.target("alpha")
    path.write_text(path.read_text().replace("Alpha", "Omega"))

    assert still.target("alpha") is still.pair()[0] is before
    assert workspace.target("alpha").title == "Omega"
    assert workspace.still().target("alpha").title == "Omega"
    assert still.still() is still


def test_settings_of_one_target_are_kept_apart_from_it(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    (tmp_path / "targets" / "alpha" / "sweep.toml").write_text(APPLIED)
    still = workspace.still()
    names = ("alpha", *still.sweep("alpha").names)

    assert len(names) == 3
    assert tuple(still.target(name).name for name in names) == names


def test_its_trace_is_read_once(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    (tmp_path / "trace.csv").write_text("at_s\n" + "\n".join(str(60 * k) for k in range(25 * 60)))
    path = tmp_path / "pilot.toml"
    path.write_text(path.read_text().replace("peak_per_s = 10", 'peak_per_s = 10\ntrace = "trace.csv"'))
    still = open_workspace(tmp_path).still()
    before = still.traffic_trace()
    (tmp_path / "trace.csv").unlink()

    assert still.traffic_trace() is before
    assert workspace.traffic_trace() is None
    assert still.traffic().week
