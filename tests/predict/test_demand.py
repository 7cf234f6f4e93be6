"""What an instance's processors sustain at least, held to a queue that is played by hand."""

from itertools import product

import numpy as np
import pytest

from harness.predict.demand import Loaded, least_per_s, stretches
from tests.builders import sample
from tests.predict.situations import run_of

ALONE_S = 0.005
PARTS = (0.1, 0.5, 1.0)  # of the highest rate


def queued(
    per_s: float, demand_s: float, n: int = 400, vcpus: int = 1, seed: int = 1, *, exponential: bool = False
) -> Loaded:
    """Poisson arrivals at processors that each answer holds for as long, or exponentially long; a few milliseconds come on top."""
    rng = np.random.default_rng(seed)
    free, own = np.zeros(vcpus), []
    due = np.cumsum(rng.exponential(1 / per_s, n))
    holds = rng.exponential(demand_s, n) if exponential else np.full(n, demand_s)
    for at, held_s in zip(due, holds, strict=True):
        k = int(free.argmin())
        begins = max(at, free[k])
        free[k] = begins + held_s
        own.append(begins - at + held_s + ALONE_S * rng.uniform(0.5, 1.5))
    return Loaded(n / float(due[-1]), np.array(own))


def test_answers_that_never_wait_at_a_high_rate_tell_that_the_processors_carry_far_more():
    found = least_per_s([queued(2.0, 0.002), queued(20.0, 0.002)], 1)

    assert 60 < found < 1 / 0.002


def test_it_seldom_says_more_than_the_processors_carry_and_is_near_where_they_are_busy():
    """Over 27 queues, five times each with a fixed demand and five with an exponential one: more than a tenth too much in one of twenty."""
    said = {}
    for demand_s, busy, vcpus in product((0.01, 0.06, 0.3), (0.2, 0.5, 0.8), (1, 2, 4)):
        carries = vcpus / demand_s
        for seed in range(10):
            some = [
                queued(carries * busy * part, demand_s, 400, vcpus, 100 * seed + k, exponential=seed % 2 == 1)
                for k, part in enumerate(PARTS)
            ]
            said.setdefault(busy, []).append(least_per_s(some, vcpus) / carries)

    assert np.mean([found > 1.1 for each in said.values() for found in each]) <= 0.05
    assert 0.9 < np.median(said[0.8]) < 1.05


def test_few_answers_tell_little_however_quick_they_were():
    at_ease, many, few = queued(0.5, 0.001), queued(5.0, 0.001, 2000), queued(5.0, 0.001, 30)

    assert least_per_s([at_ease, few], 1) < 35 < least_per_s([at_ease, many], 1)


def test_one_rate_alone_tells_nothing():
    assert least_per_s([queued(5.0, 0.001, 2000)], 1) == 0.0
    assert least_per_s([], 1) == 0.0


@pytest.mark.parametrize("times", [1.2, 2.0])
@pytest.mark.parametrize("n", [60, 400])
def test_rates_that_the_processors_do_not_carry_tell_nothing_of_them(times, n):
    """Every search ends with such a step: what was sent there is not what they sustain."""
    found = [
        least_per_s([queued(20.0 * part, 0.05, n, 1, 100 * seed + k) for k, part in enumerate((0.1, 0.5, times))], 1)
        for seed in range(10)
    ]

    assert 0.5 < np.median(found) / 20 < 1.0
    assert max(found) < 1.3 * 20


def rows(count: int, names: tuple, phase: str = "measure") -> list:
    return [
        sample(k, phase=phase, scheduled_s=k * 0.1, sent_s=k * 0.1, response_s=0.3, generation_ms=250.0, queue_ms=0.0,
               cold=False, instance_id=names[k % len(names)])
        for k in range(count)
    ]  # fmt: skip


def test_runs_of_one_profile_are_one_stretch_at_the_rate_of_one_instance():
    [one] = stretches([run_of(block, "steady", rows(101, ("a", "b"))) for block in (1, 2)], None)

    assert one.per_s == pytest.approx(10.1 / 2)
    assert len(one.own_s) == 202
    assert one.own_s == pytest.approx(np.full(202, 0.05))


def test_a_fixed_fleet_shares_the_load_among_all_its_instances_and_an_unnamed_one_tells_nothing():
    unnamed = [run_of(1, "steady", rows(101, (None,)))]

    assert [one.per_s for one in stretches(unnamed, 4.0)] == [pytest.approx(10.1 / 4)]
    assert list(stretches(unnamed, None)) == []
