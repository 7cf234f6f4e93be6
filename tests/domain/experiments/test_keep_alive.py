"""The keep-alive staircase against windows that are known."""

import math

import pytest

from harness.domain.experiments.keep_alive import KeepAlive
from tests.domain.experiments.drive import Windowed, drive, given, seen


def stairs(target, lanes=4, **design):
    experiment = KeepAlive(**{"first_s": 2, "longest_s": 300, "duration_s": 3600, **design}).begin(given(lanes=lanes))
    return experiment, drive(experiment, target, tick_s=0.05)


def test_each_lane_doubles_until_it_is_cold_and_then_steps_up_and_down():
    made, _ = stairs(Windowed(lambda rng: 20.0), lanes=1)
    gaps = [gap for gap, _ in made._lanes[1].probes]

    assert gaps[:5] == pytest.approx([2, 4, 8, 16, 32], abs=0.2)
    assert all(13 < gap < 33 for gap in gaps[4:])
    assert gaps[5] == pytest.approx(32 / 1.5, rel=0.01)


def test_a_lane_ends_after_its_reversals_and_says_so():
    made, done = stairs(Windowed(lambda rng: rng.uniform(18, 22)), reversals=6)

    assert done.ended == "6 reversals"
    assert [lane["reversals"] for lane in made.record()["lanes"]] == [6] * 4


def test_a_target_that_never_goes_cold_is_asked_at_the_longest_gap_and_no_longer():
    made, done = stairs(Windowed(lambda rng: math.inf))

    assert done.ended == "warm at 300 s 2 times"
    assert max(gap for gap, _ in made._lanes[1].probes) == pytest.approx(300, abs=1)


def test_a_target_that_is_always_cold_is_asked_at_the_shortest_gap_and_no_more():
    _, done = stairs(Windowed(lambda rng: 0.0))

    assert done.ended == "cold at 1 s 2 times"


def test_a_target_that_refuses_everything_ends_at_once():
    class Refusing(Windowed):
        def answer(self, due):
            return seen(due, due.scheduled_s + 0.01, ok=False, cold=None)

    _, done = stairs(Refusing(lambda rng: 20))

    assert done.ended == "the first request failed"
    assert len(done.seen) == 4


def test_a_target_that_does_not_say_whether_it_was_cold_is_not_asked_for_ever():
    class Silent(Windowed):
        def answer(self, due):
            return seen(due, due.scheduled_s + 0.01, cold=None)

    _, done = stairs(Silent(lambda rng: 20))

    assert done.ended == "three answers in a row did not say whether they were cold"


def test_no_gap_begins_that_would_end_after_the_time_is_over():
    _, done = stairs(Windowed(lambda rng: 20.0), duration_s=50)

    assert done.ended == "the time is over"
    assert max(s.scheduled_s for s in done.seen) <= 50


def test_without_copies_the_target_itself_is_the_only_lane():
    _, done = stairs(Windowed(lambda rng: 20.0), lanes=0)

    assert {s.lane for s in done.seen} == {0}
