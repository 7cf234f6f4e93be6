"""``pilot run --on``: what it prints, its exit codes, and what it refuses; the machine is the one of tests/run/test_away.py."""

import json
from dataclasses import replace

import pytest

from harness.evidence.store import Store
from harness.platforms import registry
from harness.platforms.shared import on_aws
from harness.run.away import bundle
from tests.builders import Pilot
from tests.cli.inside import pilot
from tests.run.test_away import ENDED, RUNS, Machine

TABLE = '[on.aws]\nregion = "us-east-1"\nuntil = "2099-12-11"\n'


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """With a sealed plan here, and what was measured there."""
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    there, _, _ = Pilot(tmp_path / "there", blocks=2, kept=True).write()
    made = Machine(RUNS, ENDED, evidence=there.evidence)
    pair = Pilot(tmp_path / "here", blocks=2)
    workspace = pair.workspace()
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text() + TABLE)
    Store(workspace.evidence).write_plan(pair.plan())
    Store(workspace.evidence).write_seal("sha256:0", {"pilot": {}})
    monkeypatch.setattr(registry, "elsewheres", lambda: {"aws": replace(on_aws.KIND, make=lambda config: made)})
    monkeypatch.setattr(bundle, "_add_package", lambda tar: None)
    monkeypatch.setattr("harness.run.away.away.POLL_S", 0.0)
    made.here = workspace.root
    return made


def test_it_is_begun_and_left_to_itself_followed_and_fetched(machine):
    begun = pilot(machine.here, "run", "--on", "aws", "--detach", "--json")
    assert begun.returncode == 0, begun.stderr
    assert (json.loads(begun.stdout)["state"], json.loads(begun.stdout)["blocks_done"]) == ("running", 2)
    refused = pilot(machine.here, "run")
    assert refused.returncode == 2
    assert "this campaign runs on aws" in refused.stderr

    followed = pilot(machine.here, "run", "--on", "aws")
    assert followed.returncode == 0, followed.stderr
    assert "aws: ended, 2 of 3 blocks done" in followed.stdout
    assert "files of evidence are here" in followed.stderr


def test_the_exit_code_is_that_of_the_run_there(machine):
    machine.says = [replace(ENDED, exit_code=3, words=("block 1: INVALID in all 3 attempts",))]
    ended = pilot(machine.here, "run", "--on", "aws", "--json")

    assert ended.returncode == 3
    assert json.loads(ended.stdout)["exit_code"] == 3
    assert "INVALID in all 3 attempts" in ended.stderr


def test_ctrl_c_ends_the_following_and_not_the_campaign(machine, monkeypatch):
    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr(machine, "seen", stop)
    done = pilot(machine.here, "run", "--on", "aws")

    assert done.returncode == 130
    assert "the campaign still runs on aws" in done.stderr
    assert machine.stopped == 0


def test_stopping_and_removing_at_once_ends_with_the_exit_code_of_the_run_there(machine):
    pilot(machine.here, "run", "--on", "aws", "--detach")
    machine.says = [replace(ENDED, exit_code=4)]
    done = pilot(machine.here, "run", "--on", "aws", "--stop", "--remove", "--json")

    assert done.returncode == 4
    assert json.loads(done.stdout)["state"] == "absent"
    assert (machine.stopped, machine.removed) == (1, 1)


def test_what_is_left_is_named_and_is_a_failure(machine):
    assert pilot(machine.here, "run", "--on", "aws").returncode == 0
    machine.left = ("stack rag-generator",)
    left = pilot(machine.here, "run", "--on", "aws", "--remove")

    assert (left.returncode, left.stdout) == (1, "still there: stack rag-generator\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--on", "gcp"), "--on gcp: no such place"),
        (("--detach",), "--detach: for a campaign on another machine"),
        (("--json",), "--json: for a campaign on another machine"),
        (("--on", "aws", "--ui"), "--ui: the page shows what this machine measures"),
        (("--on", "aws", "--stop"), "nothing runs on aws"),
        (("--on", "aws", "--stop", "--remove", "--detach"), "--detach, --remove: what it measured is fetched first"),
    ],
)
def test_what_makes_no_sense_is_refused(machine, words, says):
    done = pilot(machine.here, "run", *words)

    assert done.returncode == 2
    assert says in done.stderr
    assert not machine.begun
