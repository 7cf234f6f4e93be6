"""The generator's own files: valid templates, services that are there, and what runs on the machine, with a stand-in for its tools."""

import importlib.util
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.targets.test_aws import template

FOLDER = Path(__file__).parent.parent.parent / "targets" / "generator"
MACHINE = FOLDER / "machine"


def load():
    spec = importlib.util.spec_from_file_location("tell", MACHINE / "tell.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TELL = load()


class Host(TELL.Host):
    """Its tools answer as they are told; a sync copies nothing and is noted."""

    def __init__(self, home):
        self.home, self.clock, self.done = home, 0.0, []
        self.shown = {"ActiveState": "active", "ExecMainStartTimestampMonotonic": "5"}
        self.stop_asked, self.copies, self.board = False, True, (0, '{"blocks": []}')
        (home / "workspace").mkdir()
        (home / "workspace" / "pilot.toml").write_text('[limits]\nstop_file = "HALT"\n')
        for name in ("state", "logs"):
            (home / name).mkdir()

    def now(self):
        return self.clock

    def run(self, *command):
        self.done.append(" ".join(command))
        if command[:2] == ("systemctl", "show"):
            return 0, "".join(f"{k}={v}\n" for k, v in self.shown.items())
        if command[:3] == ("aws", "s3api", "head-object"):
            return (0 if self.stop_asked else 255), ""
        if command[:3] == ("aws", "s3", "sync"):
            return (0 if self.copies else 1), ""
        return self.board if command[-1] == "--json" else (0, "")

    @property
    def state(self):
        return json.loads((self.home / "state" / "state.json").read_text())

    def did(self, text):
        return [one for one in self.done if text in one]


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_while_it_runs_evidence_is_copied_before_the_state_is_told(host):
    (host.home / "logs" / "run.log").write_text("\n".join(f"line {k}" for k in range(9)))

    assert TELL.tell(host, "b") == "running"
    assert host.done.index(*host.did("sync " + str(host.home / "workspace" / "evidence"))) < host.done.index(
        *host.did("state.json")
    )
    assert host.state["words"] == [f"line {k}" for k in range(4, 9)]
    assert (host.state["exit_code"], host.state["board"]) == (None, {"blocks": []})
    assert not host.did("poweroff")


def test_a_failure_that_systemd_repairs_is_running(host):
    host.shown = {"ActiveState": "activating", "SubState": "auto-restart", "ExecMainStatus": "1"}

    assert TELL.tell(host, "b") == "running"


def test_before_its_first_start_it_waits(host):
    host.shown = {"ActiveState": "inactive", "ExecMainStartTimestampMonotonic": "0", "ExecMainStatus": "0"}

    assert TELL.tell(host, "b") == "waiting"


def test_after_its_end_it_waits_for_the_platforms_collects_copies_and_only_then_is_off(host):
    host.shown = {"ActiveState": "failed", "ExecMainStartTimestampMonotonic": "5", "ExecMainStatus": "4"}

    assert TELL.tell(host, "b") == "running"
    assert not host.did("pilot-collect")
    host.clock = TELL.SETTLE_S + 1
    assert TELL.tell(host, "b") == "ended"
    assert host.state["exit_code"] == 4
    ends = [
        len(host.done) - host.done[::-1].index(host.did(text)[-1])
        for text in ("pilot-collect", "/evidence", "cp ", "poweroff")
    ]
    assert ends == sorted(ends)


def test_what_could_not_be_copied_is_not_told_and_the_machine_stays(host):
    host.shown = {"ActiveState": "inactive", "ExecMainStartTimestampMonotonic": "5", "ExecMainStatus": "0"}
    TELL.tell(host, "b")
    host.clock, host.copies = TELL.SETTLE_S + 1, False

    assert TELL.tell(host, "b") == "not copied"
    assert not host.did("poweroff")


def test_one_that_was_started_again_is_running_anew(host):
    host.shown = {"ActiveState": "failed", "ExecMainStartTimestampMonotonic": "5", "ExecMainStatus": "1"}
    TELL.tell(host, "b")
    host.shown["ActiveState"] = "active"
    TELL.tell(host, "b")

    assert not (host.home / "state" / "ended").exists()


def test_a_stop_that_was_asked_for_is_the_stop_file_of_pilot_toml(host):
    host.stop_asked = True
    TELL.tell(host, "b")

    assert (host.home / "workspace" / "HALT").exists()


def test_a_board_that_cannot_be_had_is_none_and_stops_nothing(host):
    host.board = (1, "")

    assert TELL.tell(host, "b") == "running"
    assert host.state["board"] is None


def test_the_machine_stops_by_date_and_by_budget_and_lets_nobody_in():
    resources = template(FOLDER / "aws.yaml")["Resources"]
    ingress = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::EC2::SecurityGroupIngress"]

    assert resources["StopByDate"]["Properties"]["Target"]["Arn"]["Sub"].endswith("ec2:stopInstances")
    assert resources["StopByBudget"]["Properties"]["ApprovalModel"] == "AUTOMATIC"
    assert [rule["SourceSecurityGroupId"] for rule in ingress] == [{"Ref": "Firewall"}]
    assert "SecurityGroupIngress" not in resources["Firewall"]["Properties"]
    assert resources["Machine"]["Properties"]["PropagateTagsToVolumeOnCreation"] is True


def test_every_service_that_is_enabled_is_there_and_runs_what_is_there():
    setup = (MACHINE / "setup.sh").read_text()
    there = {p.name.removesuffix(".in") for p in MACHINE.iterdir()}
    enabled = re.search(r"enable --now (.*)", setup)[1].split()

    assert set(enabled) <= there
    for unit in MACHINE.glob("*.service"):
        for command in re.findall(r"/pilot/machine/(\S+)", unit.read_text()):
            assert command in there, unit.name
        words = unit.read_text()
        assert "StandardOutput=append" in words or unit.name not in ("pilot-run.service", "pilot-collect.service")
    assert "Restart=on-failure" in (MACHINE / "pilot-run.service").read_text()


@pytest.mark.parametrize("script", sorted(MACHINE.glob("*.sh")), ids=lambda p: p.name)
def test_scripts_are_valid_and_stop_at_the_first_error(script):
    done = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "set -euo pipefail" in script.read_text()


def test_the_first_start_is_valid_too():
    data = template(FOLDER / "aws.yaml")["Resources"]["Machine"]["Properties"]["UserData"]["Fn::Base64"]["Join"][1]
    script = "\n".join(part if isinstance(part, str) else part["Sub"] for part in data)
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert script.startswith("#!/bin/bash\n")
