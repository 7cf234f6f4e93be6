"""What still bills while nobody asks anything."""

from harness.domain.lines import lines_of
from harness.evidence.store import Store
from harness.run.standing import still_billing
from harness.workspace import open_workspace
from tests.builders import Pilot

FLEET = "vcpu = 1, memory_gb = 2, tasks = 2"


def test_a_fleet_bills_by_the_hour_until_it_is_destroyed(tmp_path):
    """Two tasks of 1 vCPU and 2 GB: 0.0810 + 0.0178 + 0.0100, the balancer 0.0225 + 0.0080, its addresses 0.0100."""
    alpha, _ = still_billing(Pilot(tmp_path).workspace())

    assert alpha.startswith("alpha: bills 0.1492 USD an hour as declared (Task vCPU 0.0810, Task memory 0.0178,")


def test_what_costs_nothing_while_idle_is_not_listed_and_what_cannot_be_told_is(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    (tmp_path / "targets" / "beta" / "README.md").write_text("delete the stack")
    texts = {name: (tmp_path / "targets" / name / "target.toml") for name in ("alpha", "beta")}
    texts["alpha"].write_text(
        texts["alpha"].read_text().replace("fargate-alb", "lambda-url").replace(FLEET, "memory_mb = 1769")
    )
    for name, text in (("gamma", 'base_url = "${NO_SUCH}"\n[runtime]\nkind = "external"\n'), ("delta", "")):
        (tmp_path / "targets" / name).mkdir()
        plain = 'base_url = "http://127.0.0.1:9"\n[runtime]\nkind = "external"\n'
        (tmp_path / "targets" / name / "target.toml").write_text(text or plain)
    pilot = tmp_path / "pilot.toml"
    pilot.write_text(pilot.read_text().replace("blocks = 6", 'blocks = 6\nvariants = ["gamma", "delta"]'))
    said = {line.split(":")[0]: line for line in still_billing(open_workspace(workspace.root))}

    assert set(said) == {"beta", "gamma", "delta"}
    assert said["beta"].endswith("until it is destroyed; beta/README.md says how to destroy it")
    assert "NO_SUCH is not set" in said["gamma"]
    assert "no prices" in said["delta"]


def test_what_was_noted_of_a_deployment_decides_what_is_listed_and_how_it_goes(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    path = tmp_path / "targets" / "alpha" / "target.toml"
    base = next(line for line in lines_of(path.read_text()) if line.startswith("base_url"))
    path.write_text(path.read_text().replace(base, 'base_url = "${NO_SUCH_ADDRESS}"'))
    store = Store(workspace.evidence)
    store.add_deployment({"what": "begun", "targets": ["alpha"], "steps": []})
    [begun] = still_billing(workspace, "alpha")
    store.add_deployment({"what": "destroy", "targets": ["alpha"], "steps": []})

    assert begun.startswith("alpha: bills 0.1492 USD an hour")
    assert begun.endswith("until it is destroyed; pilot destroy alpha removes it")
    assert still_billing(workspace, "alpha") == []
