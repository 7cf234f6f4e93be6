"""pilot decide --gate: one target against its promises, whoever is recommended."""

import os
import subprocess
import sys

import pytest

from harness.cli.decide import decide
from harness.errors import GateFailed, Refused
from tests.builders import Pilot, lognormal


@pytest.fixture
def slow_beta(tmp_path, monkeypatch):
    Pilot(tmp_path, laws={"alpha": lognormal(), "beta": lognormal(median_s=4.0)}).write()
    monkeypatch.chdir(tmp_path)


def test_a_target_that_keeps_its_promises_passes_even_where_nobody_wins(slow_beta, capsys):
    decide(gate="alpha")
    assert "alpha fails no promise" in capsys.readouterr().out


def test_a_target_that_breaks_one_fails_with_its_name(slow_beta):
    with pytest.raises(GateFailed, match="beta fails p95 response time under steady"):
        decide(gate="beta")


def test_a_target_that_was_not_judged_is_refused(slow_beta):
    with pytest.raises(Refused, match="no promise was judged for 'gamma'"):
        decide(gate="gamma")


def test_without_a_gate_the_recommendation_decides(slow_beta, capsys):
    decide()
    assert "Alpha" in capsys.readouterr().out


def test_a_shell_can_complete_the_commands():
    asked = {"_PILOT_COMPLETE": "complete_bash", "COMP_WORDS": "pilot re", "COMP_CWORD": "1"}
    command = [sys.executable, "-m", "harness"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **asked})
    assert done.stdout.split() == ["report"]
