"""Instance time of requests that share instances, held to a simulation that shares no code with the law."""

import heapq
import math

import numpy as np
import pytest
from scipy import special

from harness.analysis.sharing import busy, fitted


def simulated(rate, service_s, at_once, seconds, seed, kept_s=0.0):
    """Instance seconds of Poisson arrivals, packed as tight as can be: the fewest instances that hold those in progress."""
    rng = np.random.default_rng(seed)
    arrivals = np.cumsum(rng.exponential(1 / rate, size=int(rate * seconds * 1.2) + 50))
    arrivals = arrivals[arrivals < seconds]
    ends, billed, last, in_progress, empty_since = [], 0.0, 0.0, 0, None
    for at in [*arrivals, seconds]:
        while ends and ends[0] <= at:
            end = heapq.heappop(ends)
            billed += math.ceil(in_progress / at_once) * (end - last)
            last, in_progress = end, in_progress - 1
            if not in_progress:
                empty_since = end
        billed += math.ceil(in_progress / at_once) * (at - last)
        if not in_progress and empty_since is not None:
            billed += min(kept_s, at - empty_since)
        last, in_progress, empty_since = at, in_progress + 1, None
        heapq.heappush(ends, at + rng.gamma(2.0, service_s / 2.0))
    return billed, len(arrivals)


@pytest.mark.parametrize("rate", [0.02, 0.5, 5.0, 40.0])
@pytest.mark.parametrize(
    ("service_s", "at_once", "kept_s"), [(4.0, 80, 0.0), (4.0, 10, 0.0), (1.0, 1, 0.0), (0.4, 10, 30.0)]
)
def test_what_was_measured_at_one_rate_says_what_another_costs(rate, service_s, at_once, kept_s):
    """Measured at 0.2 requests a second; told at a tenth to two hundred times of it, within a twelfth."""
    measured, requests = simulated(0.2, service_s, at_once, 200_000, 1, kept_s)
    found = fitted(requests, requests * service_s, measured, 200_000, at_once)
    seconds = max(2_000.0, 20_000 / rate)
    truth, _ = simulated(rate, service_s, at_once, seconds, 2, kept_s)

    assert found.instances([rate])[0] * seconds == pytest.approx(truth, rel=1 / 12)


def test_a_straight_line_was_ten_times_too_high_at_ten_times_the_traffic():
    """Answers of 4 s, 80 at once: one instance carries 1/s and 10/s alike; a tenth of the rate is no tenth of the time."""
    found = fitted(1000, 4000, 1000 * (1 - math.exp(-4)), 1000, 80)

    tenth, one, ten = found.instances([0.1, 1.0, 10.0])

    assert ten / one == pytest.approx(1.02, abs=0.01)
    assert tenth / one == pytest.approx((1 - math.exp(-0.4)) / (1 - math.exp(-4)), rel=0.01)


def test_an_instance_that_was_always_on_stays_on():
    found = fitted(1000, 400, 1000, 1000, 10)

    assert found.instances([0.0, 0.0001]) == pytest.approx([1.0, 1.0], abs=0.001)


def test_never_less_than_the_time_with_a_request_in_progress():
    """Arrivals more even than Poisson's were packed better than the law says."""
    found = fitted(1000, 4000, 700, 1000, 2)

    assert found.factor < 1
    assert found.instances([0.01])[0] >= 1 - math.exp(-0.04)


def test_one_request_an_instance_is_a_straight_line():
    some = np.array([0.1, 3.0, 5000.0])

    assert busy(some, 1) == pytest.approx(some)


@pytest.mark.parametrize(
    ("in_progress", "at_once"), [(0.2, 2), (21.0, 3), (105.0, 10), (6_500.0, 80), (10_250.0, 1000)]
)
def test_the_closed_form_of_many_is_the_mean_over_the_poisson_law(in_progress, at_once):
    n = np.arange(int(in_progress + 15 * math.sqrt(in_progress) + 40))
    law = np.exp(n * math.log(in_progress) - in_progress - special.gammaln(n + 1))

    assert busy(np.array([in_progress]), at_once)[0] == pytest.approx(float(law @ np.ceil(n / at_once)), rel=1e-8)


def test_without_times_nothing_is_told():
    assert fitted(100, 0, 50, 100, 10) is None
