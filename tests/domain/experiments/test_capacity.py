"""The capacity search against servers whose capacity is known; many seeds: tests/calibration/test_capacity_laws.py."""

import math
from itertools import pairwise

import pytest

from harness.domain.experiments.belief import StepVerdict
from harness.domain.experiments.capacity import CapacitySearch
from harness.domain.experiments.protocol import Promise
from harness.domain.experiments.step import Why
from tests.domain.experiments.search import conditions, drive
from tests.domain.experiments.servers import Autoscaling, Collapsing, Sharing


def search(server, seed=1, promise=None, most_rate=40.0, slots=None, **design):
    made = CapacitySearch(**{"rate": 2, **design}).begin(conditions(promise or Promise(3.0), seed, most_rate, slots))
    return made, drive(made, server)


def middle(made):
    low, high = made.interval()
    return math.sqrt(low * high)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("answer_s", "sustained"), [(0.5, 9.1), (1.0, 10.5)])
def test_a_server_that_shares_its_speed_is_found_within_a_sixth(seed, answer_s, sustained):
    """Of 12/s at full use; ``sustained`` is where a long run has 5 % beyond three times an unhurried answer."""
    made, _ = search(Sharing(answer_s, 12 * answer_s, seed=seed), seed, Promise(3 * answer_s))
    low, high = made.interval()

    assert middle(made) == pytest.approx(sustained, rel=0.17)
    assert 1.249 < high / low < 1.5, "finer than the precision is not claimed"


@pytest.mark.parametrize("answer_s", [0.3, 2.0])
def test_no_limit_is_claimed_where_there_is_none(answer_s):
    made, done = search(Sharing(answer_s), promise=Promise(3 * answer_s))

    assert done.ended == "the highest rate that is allowed is kept"
    assert made.interval()[1] is None
    assert made.carried_per_s == 40
    assert made.words().startswith("at least 40/s carried, no limit found")


def test_answers_close_to_the_promise_whatever_the_rate_are_no_limit():
    """4 % take longer than the limit at any rate: many a step is unclear, none of them stays broken."""
    limit_s = math.exp(-0.125 + 0.5 * 1.7507)
    made, _ = search(Sharing(1.0), promise=Promise(limit_s))

    assert made.interval()[1] is None


def test_a_server_that_collapses_past_its_knee_is_told_from_below():
    """Of 24/s at full use; from 19.7/s on a long run collapses."""
    made, _ = search(Collapsing(0.5, 12, knee=36), seed=2, promise=Promise(2.0))

    assert made.interval()[0] < 22
    assert middle(made) == pytest.approx(19.7, rel=0.25)
    assert {s.verdict for s in made.steps if s.rate > 27} == {StepVerdict.BROKEN}


def test_an_autoscaler_that_lags_is_given_the_time_to_come():
    """One instance carries 8/s, five 40/s, each 15 s after it is wanted: a step that breaks meanwhile is not the limit."""
    made, _ = search(Autoscaling(0.5, one=4, most=5, lag_s=15, seed=3), promise=Promise(2.0), most_rate=100)

    assert middle(made) == pytest.approx(38, rel=0.15)


def test_a_step_lasts_ten_answer_times_and_draws_its_number():
    made, _ = search(Sharing(2.0), promise=Promise(8.0), step_s=1, least=10)

    assert all(s.length_s > 10 * 1.3 for s in made.steps)
    assert len({s.offered - round(s.rate * s.length_s) for s in made.steps}) > 2, "Poisson's own number, not the mean"


def test_a_queue_that_never_ends_is_noticed_before_the_latency_limit_is():
    made, _ = search(Sharing(0.2, 4), promise=Promise(60.0))

    assert middle(made) == pytest.approx(20.0, rel=0.15)
    assert "requests pile up" in {step.why for step in made.steps}


def test_a_target_that_refuses_everything_ends_the_search_with_few_requests():
    made, done = search(Sharing(0.1, fails=1.0))

    assert done.ended == "no rate is kept"
    assert made.carried_per_s is None
    assert made.interval()[0] is None
    assert len(done.seen) < 200


def test_failures_beyond_the_promise_are_a_broken_step():
    made, done = search(Sharing(0.1, fails=0.3), promise=Promise(1.0, error_rate=0.01))

    assert done.ended == "no rate is kept"
    assert {step.why for step in made.steps} == {"failures"}


def test_a_target_that_hangs_has_no_more_in_flight_than_its_slots_were_made_for():
    design = CapacitySearch(rate=20)
    made = design.begin(conditions(Promise(2.0), 1, 40.0))
    server = Sharing(1000.0, 0.01, deadline_s=10)
    most, arrive = 0, server.arrive

    def counted(at_s):
        nonlocal most
        number = arrive(at_s)
        most = max(most, server.in_hand)
        return number

    server.arrive = counted
    done = drive(made, server)

    assert done.ended == "no rate is kept"
    assert most <= design.in_flight(40.0, Promise(2.0))


def test_slots_that_do_not_hold_what_a_promise_lets_be_in_flight_end_the_search_without_a_limit():
    made, done = search(Sharing(10.0), promise=Promise(30.0), slots=150)

    assert "in flight than 150 slots hold" in done.ended
    assert made.interval()[1] is None
    assert all(s.why is not Why.SLOTS for s in made.steps)


def test_a_hopeless_step_is_cut_short():
    made, _ = search(Sharing(0.5, 5), promise=Promise(1.0), rate=39)
    first = made.steps[0]

    assert first.cut
    assert first.length_s < 8
    assert not first.kept


def test_rates_climb_by_no_more_than_the_growth():
    made, _ = search(Sharing(0.2))

    assert all(b.rate <= a.rate * 1.5 * (1 + 1e-9) for a, b in pairwise(made.steps))


def test_a_search_may_be_given_its_time():
    made, done = search(Sharing(0.3, 6), most_s=40)

    assert done.now_s < 45
    assert done.ended == "the time that it may take, 40 s, is over"
    assert made.carried_per_s is not None


def test_the_same_seed_asks_the_same():
    one, again = (search(Sharing(0.2, 4), seed=3)[1] for _ in range(2))

    assert [s.scheduled_s for s in one.seen] == [s.scheduled_s for s in again.seen]
