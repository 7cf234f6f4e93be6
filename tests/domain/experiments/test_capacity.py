"""The capacity search against queues whose capacity is known."""

import pytest

from harness.domain.experiments.capacity import Capacity, most_failures
from harness.domain.experiments.protocol import Promise
from tests.domain.experiments.drive import Queue, drive, given


def search(queue, seed=1, promise=None, **design):
    experiment = Capacity(**{"rate": 2, **design}).begin(given(seed=seed, **({"promise": promise} if promise else {})))
    return experiment, drive(experiment, queue, tick_s=0.25)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("service_s", "servers", "saturation"), [(0.05, 1, 20.0), (0.1, 2, 20.0), (0.25, 8, 32.0)])
def test_the_saturation_rate_of_a_queue_is_found_within_a_tenth(service_s, servers, saturation, seed):
    made, done = search(Queue(service_s, servers), seed=seed, promise=Promise(1.5))
    low, high = made.bracket()

    assert (low * high) ** 0.5 == pytest.approx(saturation, rel=0.10)
    assert high / low <= 1.12
    assert len(done.seen) < 160 * saturation


def test_a_queue_that_never_ends_is_noticed_before_the_latency_limit_is():
    made, _ = search(Queue(0.05), promise=Promise(60.0))
    low, high = made.bracket()

    assert (low * high) ** 0.5 == pytest.approx(20.0, rel=0.10)
    assert "response times grow" in {step.why for step in made.steps}


def test_a_target_that_refuses_beyond_its_places_has_the_capacity_of_a_loss_system():
    """Erlang B: 8 places of 0.5 s block 1 % at 3.13 erlang, 5 % at 4.54: a step of 20 s cannot tell them apart."""
    made, _ = search(Queue(0.5, 8, most=8), promise=Promise(1.0))
    low, high = made.bracket()

    assert 3.13 / 0.5 * 0.8 < low < high < 4.54 / 0.5 * 1.2
    assert {step.why for step in made.steps if not step.kept} == {"failures"}


def test_the_search_stops_where_the_limits_stop_it():
    experiment = Capacity(rate=2).begin(given(most_rate=9.0))
    done = drive(experiment, Queue(0.001), tick_s=0.25)

    assert done.ended == "the highest rate that is allowed is kept"
    assert experiment.bracket() == (9.0, None)


def test_a_target_that_refuses_everything_ends_the_search_with_few_requests():
    made, done = search(Queue(0.1, most=0))

    assert done.ended == "no rate is kept"
    assert made.bracket()[0] is None
    assert len(done.seen) < 200


def test_a_hopeless_step_is_cut_short():
    made, _ = search(Queue(0.05), promise=Promise(0.4), rate=60)
    first = made.steps[0]

    assert first.offered < first.planned
    assert not first.kept


def test_the_same_seed_asks_the_same():
    one, again = (search(Queue(0.05), seed=3)[1] for _ in range(2))

    assert [s.scheduled_s for s in one.seen] == [s.scheduled_s for s in again.seen]


def test_failures_that_a_good_target_may_show_by_chance():
    assert [most_failures(n, 0.01) for n in (40, 100, 400)] == [2, 3, 8]
    assert most_failures(40, 0.0) == 0
    assert most_failures(5, 1.0) == 5
