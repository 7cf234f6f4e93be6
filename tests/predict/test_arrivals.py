"""Instants of other traffic: how many, how bursty, in which order."""

from __future__ import annotations

import numpy as np
import pytest

from harness.predict import arrivals

HOUR = 3600.0


def joined(chunks) -> np.ndarray:
    return np.concatenate(list(chunks))


def bursts(length_s: float) -> np.ndarray:
    """Ten bursts of fifty requests within a second."""
    rng = np.random.default_rng(4)
    return np.sort(np.concatenate([start + rng.random(50) for start in rng.uniform(0, length_s - 1, 10)]))


@pytest.mark.parametrize("times", [0.3, 1.0, 2.5, 700.0])
def test_a_trace_times_a_factor_has_so_many_requests_in_order_within_its_length(times):
    own = bursts(HOUR)

    at = joined(arrivals.trace(own.tolist(), HOUR, times, seed=1))

    assert len(at) == pytest.approx(times * len(own), rel=0.12 if times < 1 else 0.04)
    assert (np.diff(at) > -1e-9).all()
    assert 0 <= at[0] <= at[-1] < HOUR + 1e-9


def test_a_trace_times_three_is_three_of_it_and_not_one_three_times_as_fast():
    own = bursts(HOUR)

    at = joined(arrivals.trace(own.tolist(), HOUR, 3.0, seed=1))

    within = np.searchsorted(at, at + 1.0) - np.arange(len(at))
    assert within.max() <= 100  # bursts of fifty, now and then two at one time
    assert set(own) <= set(at)


def test_a_long_trace_comes_in_chunks():
    own = np.arange(0, HOUR, 0.01)

    sizes = [len(chunk) for chunk in arrivals.trace(own.tolist(), HOUR, 4.0, seed=1)]

    assert sum(sizes) == 4 * len(own)
    assert max(sizes) <= 2 * arrivals.MOST_A_CHUNK


def test_a_trace_longer_than_it_says_is_refused():
    with pytest.raises(ValueError, match="do not lie within 10 s"):
        joined(arrivals.trace([0.0, 10.0], 10.0, 1.0, seed=1))


def test_a_curve_gives_each_hour_its_rate():
    at = joined(arrivals.varying([1.0, 0.0, 5.0], 6 * HOUR, seed=2))

    counts = np.histogram(at, bins=6, range=(0, 6 * HOUR))[0] / HOUR
    assert counts == pytest.approx([1, 0, 5, 1, 0, 5], abs=0.15)


def test_gamma_gaps_have_their_coefficient_of_variation():
    gaps = np.diff(joined(arrivals.gamma(5.0, 3.0, 20 * HOUR, seed=2)))

    assert gaps.mean() == pytest.approx(0.2, rel=0.03)
    assert gaps.std() / gaps.mean() == pytest.approx(3.0, rel=0.03)


def test_the_same_seed_gives_the_same_instants():
    one, two, other = (joined(arrivals.poisson(1.0, HOUR, seed)) for seed in (1, 1, 2))

    assert one.tolist() == two.tolist() != other.tolist()
