"""What a plan says of its own length."""

import pytest

from harness.domain.plan import Block, Run


def unit(*expected_s, side_by_side=False):
    runs = tuple(Run(1, k, f"t{k}", "probe", 1, "sha256:0", 1, seconds) for k, seconds in enumerate(expected_s, 1))
    return Block(1, "AB", "2026-11-10T09:00+00:00", 1, "09:00", runs, track="probe", side_by_side=side_by_side)


@pytest.mark.parametrize(("side_by_side", "expected_s"), [(False, 40.0), (True, 30.0)])
def test_runs_that_go_side_by_side_take_as_long_as_the_longest(side_by_side, expected_s):
    assert unit(10.0, 30.0, side_by_side=side_by_side).expected_s == expected_s
