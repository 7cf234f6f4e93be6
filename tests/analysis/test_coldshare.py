"""The share of cold answers at a traffic: the rule on paper, and the real placement rule, against the closed form."""

import math
from random import Random

import pytest

from harness.analysis.coldshare import expected_share
from harness.local.placement import Placement, Rules


@pytest.mark.parametrize("rate_window", [0.5, 1.0, 2.0])
def test_with_instant_answers_it_is_e_to_the_minus_rk(rate_window):
    share = expected_share(1.0, [0.0], windows_s=[rate_window], seed=3, n=40_000)
    truth = math.exp(-rate_window)

    assert share == pytest.approx(truth, abs=4 * math.sqrt(truth * (1 - truth) / 40_000))


def test_answers_that_take_time_want_more_instances_and_make_more_cold_ones():
    shares = [expected_share(1.0, [service], windows_s=[5.0], seed=3) for service in (0.0, 1.0, 4.0)]

    assert shares == sorted(shares)
    assert shares[2] > 2 * shares[0]


def test_a_window_that_never_ends_has_only_the_first_starts():
    assert expected_share(1.0, [2.0], windows_s=[math.inf], seed=1) < 0.001


def test_the_platforms_own_placement_rule_gives_the_same_share():
    """One instance of the embedded platform's rule under Poisson arrivals, time on paper: e^(-1)."""
    rng, placement = Random(5), Placement(Rules(concurrency=1, scaling_tokens=1e9, scaling_per_s=1e9), 0.0)
    now, idle_since, cold, n = 0.0, {}, 0, 20_000
    for _ in range(n):
        now += rng.expovariate(1.0)
        for one in placement.free:
            if now - idle_since[one] > 1.0:
                placement.drop(one)
        placed = placement.place(now)
        cold += placed is None
        placed = placed or object()
        idle_since[placed] = now
        placement.release(placed)

    assert cold / n == pytest.approx(math.exp(-1), abs=4 * 0.0034)


def test_two_windows_are_colder_than_one_between_them():
    """With instant answers and one instance: the mean of e^(-rK) over the windows, not e^(-r mean)."""
    share = expected_share(1.0, [0.0], windows_s=[0.2, 4.0], seed=3, n=40_000)

    assert share == pytest.approx((math.exp(-0.2) + math.exp(-4.0)) / 2, abs=0.01)
