"""pilot decide --gate: one target against its promises and the other target; nothing is green without evidence."""

import json
import os
import subprocess
import sys

import pytest
import typer

from harness.cli.decide import decide
from harness.cli.gate import gate
from harness.errors import GateFailed, Refused, Undecided
from tests.builders import Pilot, lognormal

pytestmark = pytest.mark.usefixtures("lightly")


@pytest.fixture
def slow_beta(tmp_path, monkeypatch):
    Pilot(tmp_path, laws={"alpha": lognormal(), "beta": lognormal(median_s=4.0)}).write()
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def worse_beta(tmp_path, monkeypatch):
    """Beta keeps its p95 but is plainly slower; nothing else is against it."""
    Pilot(tmp_path, laws={"alpha": lognormal(), "beta": lognormal(median_s=0.6)}).write()
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def equals(tmp_path, monkeypatch):
    """Both keep every promise, and six blocks can't tell them apart."""
    Pilot(tmp_path).write()
    monkeypatch.chdir(tmp_path)


def test_a_target_that_keeps_its_promises_and_is_the_better_one_passes(slow_beta, capsys):
    decide(gate="alpha")
    assert "alpha keeps every promise and is not the worse of the two" in capsys.readouterr().out


def test_a_target_that_breaks_one_fails_with_its_name(slow_beta):
    with pytest.raises(GateFailed, match="beta: it fails p95 response time under steady"):
        decide(gate="beta")


def test_the_command_of_its_own_judges_the_candidate_unless_told_otherwise(slow_beta, capsys):
    with pytest.raises(GateFailed, match="beta: it fails p95 response time under steady"):
        gate()
    gate("alpha")
    assert "alpha keeps every promise and is not the worse of the two" in capsys.readouterr().out


def test_what_a_machine_reads_of_a_pass_is_one_document(slow_beta, capsys):
    gate("alpha", as_json=True)
    assert json.loads(capsys.readouterr().out)["gate"]["verdict"] == "PASS"


def test_a_target_that_keeps_every_promise_but_is_worse_than_the_other_fails(worse_beta, capsys):
    with pytest.raises(
        GateFailed, match="beta: it is worse than the other in p95 response time under steady"
    ) as caught:
        decide(gate="beta")
    assert caught.value.exit_code == 5
    assert "fails" not in str(caught.value)
    decide(gate="alpha")


def test_a_comparison_that_is_open_is_no_pass_for_either(equals):
    for name in ("alpha", "beta"):
        with pytest.raises(
            Undecided, match=f"{name}: can't tell: the comparison of p95 response time under steady"
        ) as caught:
            decide(gate=name)
        assert caught.value.exit_code == 6


def test_a_promise_that_is_open_beside_a_comparison_that_is_worse_fails_and_both_are_told(
    tmp_path, monkeypatch, capsys
):
    """600 requests without a failure can't show that fewer than one in a thousand fail."""
    Pilot(tmp_path, per_run=100, laws={"alpha": lognormal(), "beta": lognormal(median_s=0.6)}).write()
    path = tmp_path / "pilot.toml"
    path.write_text(path.read_text().replace("error_rate = 0.02", "error_rate = 0.001"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GateFailed):
        decide(gate="beta", as_json=True)
    said = json.loads(capsys.readouterr().out)["gate"]

    assert (said["target"], said["verdict"]) == ("beta", "FAIL")
    assert {row["metric"] for row in said["worse"]} >= {"p95_s"}
    assert [row["metric"] for row in said["open"] if row["kind"] == "promise"] == ["error_rate"]
    with pytest.raises(Undecided, match="alpha: can't tell: error rate under steady"):
        decide(gate="alpha")


def test_fewer_blocks_than_a_verdict_needs_are_no_pass(tmp_path, monkeypatch):
    Pilot(tmp_path, blocks=5).write()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Undecided, match="verdicts need 6"):
        decide(gate="alpha")


def test_a_target_that_was_not_judged_is_refused(slow_beta):
    with pytest.raises(Refused, match="'gamma' is not one of the two targets"):
        decide(gate="gamma")


def test_without_a_gate_the_recommendation_decides(slow_beta, capsys):
    decide()
    assert "Alpha" in capsys.readouterr().out


def test_a_recommendation_that_rests_on_an_open_comparison_is_not_green(equals, capsys):
    """Beta is the cheaper one, but whether it is slower is not told."""
    with pytest.raises(typer.Exit) as caught:
        decide()
    assert caught.value.exit_code == 6
    assert "the comparison of p95 response time under steady: neither a difference nor" in capsys.readouterr().out


def test_two_that_both_fail_the_same_promise_have_no_winner_and_that_is_told(tmp_path, monkeypatch):
    Pilot(tmp_path, p95_s=0.1).write()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(typer.Exit) as caught:
        decide()
    assert caught.value.exit_code == 5


def test_a_shell_can_complete_the_commands():
    asked = {"_PILOT_COMPLETE": "complete_bash", "COMP_WORDS": "pilot re", "COMP_CWORD": "1"}
    command = [sys.executable, "-m", "harness"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **asked})
    assert done.stdout.split() == ["report"]
