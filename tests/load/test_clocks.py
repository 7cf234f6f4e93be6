"""What is known of workers' clocks after a run: how far they certainly moved, how far they may be off, and whose are unknown."""

import pytest

from harness.load.clocks import Apart, Offset, apart
from harness.load.machine import machine_id

HERE = machine_id()


def at(offset_s, error_s=0.001, machine="elsewhere:1"):
    return Offset(offset_s, error_s, machine)


def test_a_clock_that_stood_still_is_off_by_its_round_trip_at_most():
    found = apart({"a": at(5.0)}, {"a": at(5.0)}, ["a"], [])

    assert (found.certain_s, found.unknown) == (0.0, 0)
    assert found.most_s == pytest.approx(0.001)


def test_a_clock_that_moved_did_so_for_certain_by_what_no_round_trip_explains():
    found = apart({"a": at(5.0), "b": at(1.0)}, {"a": at(5.05), "b": at(1.001)}, ["a", "b"], [])

    assert found.certain_s == pytest.approx(0.048)
    assert found.most_s == pytest.approx(0.051)


def test_workers_of_this_machine_share_its_clock_and_lost_ones_are_judged_by_that():
    then = {"a": at(0.0, 0.5, HERE), "b": None}

    assert apart(then, {}, ["a", "b"], ["b"]) == Apart(None, None, 0)


def test_a_clock_that_could_not_be_compared_before_and_after_is_unknown():
    assert apart({"a": at(0.0)}, {"b": at(0.0)}, ["a", "b", "c"], []).unknown == 3
