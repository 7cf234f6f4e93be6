"""Where a limit may lie, after steps that say kept, broken or unclear."""

import math

import pytest

from harness.domain.experiments.belief import Belief, Reach, StepVerdict

REACH = Reach(0.1, 40.0)
KEPT, BROKEN, UNCLEAR = StepVerdict.KEPT, StepVerdict.BROKEN, StepVerdict.UNCLEAR


def test_before_any_step_half_says_that_there_is_no_limit():
    assert Belief(REACH).above == pytest.approx(0.5)
    assert Belief(REACH).interval()[1] is None


def test_one_broken_step_is_not_a_limit():
    """The way up kept 18 and broke at 27: one wrong step is possible, so the upper end stays open."""
    way_up = [(2 * 1.5**k, KEPT) for k in range(6)]
    once, thrice = (Belief(REACH, [*way_up, *[(22.8, BROKEN)] * times]) for times in (1, 3))

    assert once.interval()[1] is None
    low, high = thrice.interval()
    assert 10 < low < high < 25


def test_a_false_alarm_is_taken_back_by_what_is_kept_beyond_it():
    made = Belief(REACH, [(10, BROKEN), (9, KEPT), (10, KEPT), (14, KEPT), (20, KEPT), (30, KEPT), (40, KEPT)])

    assert made.above > 0.9


def test_unclear_steps_draw_the_limit_near():
    rates = [2.0, 3.0, 4.5, 6.75]
    near = Belief(REACH, [*((r, KEPT) for r in rates), (10, UNCLEAR), (10.5, UNCLEAR), (13, BROKEN), (13, BROKEN)])

    assert near.quantile(0.5) == pytest.approx(10, rel=0.1)


def test_the_next_rate_is_the_median_once_both_ends_are_known_and_the_upper_end_before():
    steps = [(4, KEPT), (6, KEPT), (9, KEPT), (13.5, BROKEN)]
    open_ended, closed = Belief(REACH, steps), Belief(REACH, [*steps, (13, BROKEN), (13, BROKEN), (9, KEPT)])

    assert open_ended.next() > 12.5
    assert closed.next() == closed.quantile(0.5)
    assert math.sqrt(9 * 13) == pytest.approx(closed.next(), rel=0.1)
