"""One pass at a time."""

import pytest

from harness.campaign.lock import alone
from harness.errors import Refused


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


def test_a_pass_that_crashed_leaves_no_lock(tmp_path):
    path = tmp_path / "collect.lock"
    with pytest.raises(ZeroDivisionError), alone(path, "pilot collect"):
        _ = 1 / 0
    with alone(path, "pilot collect"):
        pass
