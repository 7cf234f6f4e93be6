"""One pass at a time."""

import os

import pytest

from harness.campaign.lock import CAMPAIGN, alone
from harness.errors import Refused


def test_a_second_pass_is_refused_while_the_first_runs_and_goes_on_after_it(tmp_path):
    path = tmp_path / "state" / "collect.lock"
    with (
        alone(path, "pilot collect"),
        pytest.raises(Refused, match=rf"pilot collect \(process {os.getpid()}, since .*\) is running"),
        alone(path, "pilot collect"),
    ):
        pass
    with alone(path, "pilot collect"):
        assert path.exists()


def test_a_pass_that_crashed_leaves_no_lock(tmp_path):
    path = tmp_path / "collect.lock"
    with pytest.raises(ZeroDivisionError), alone(path, "pilot collect"):
        _ = 1 / 0
    with alone(path, "pilot collect"):
        pass


def test_whoever_holds_it_is_named_whatever_the_second_wants(tmp_path):
    path = tmp_path / CAMPAIGN
    with (
        alone(path, "pilot sweep"),
        pytest.raises(Refused, match=r"pilot sweep \(process"),
        alone(path, "pilot run"),
    ):
        pass
