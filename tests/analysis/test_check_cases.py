"""The worked cases of the literature that the methods are taken from."""

import math

import numpy as np
import pytest

from harness.analysis import quantiles, slo
from harness.analysis.jackknife import jackknife, ratio_of_totals
from harness.domain.estimate import Estimate, Unknown
from harness.domain.quantile import least_n
from tests.analysis.fakes import run_of


def test_pooled_p95_of_six_blocks():
    blocks = [m * np.arange(1, 101) / 100 for m in (100, 104, 98, 110, 101, 95)]
    estimate = quantiles.quantile(blocks, 0.95)

    assert estimate.value == pytest.approx(96.8)
    assert (estimate.low, estimate.high) == pytest.approx((91.1955, 102.7489), abs=1e-4)


def test_cost_per_success_as_a_ratio_of_totals():
    cost = np.array([1.00, 1.10, 0.95, 1.05, 1.20, 0.90])
    successes = np.array([1000, 1080, 960, 1010, 1150, 930.0])
    estimate = jackknife(ratio_of_totals(cost, successes), 6).estimate(0.95, 6130, "")

    assert estimate.value == pytest.approx(0.00101142, rel=1e-5)
    assert (estimate.low, estimate.high) == pytest.approx((0.00098124, 0.00104252), rel=1e-4)


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.array([3.0, 5, 4, 8, 6])
    result = jackknife(lambda kept: float(values[list(kept)].mean()), 5)

    assert result.se == pytest.approx(0.860233, abs=1e-6)


def test_the_smallest_n_that_can_certify_a_percentile():
    assert [least_n(p) for p in (0.9, 0.95, 0.99, 0.999)] == [29, 59, 299, 2995]
    assert "at least 299" in quantiles.quantile([np.arange(1.0, 200)], 0.99).reason


def test_no_failure_has_an_exact_one_sided_limit():
    estimate = slo.error_rate([run_of(np.full(500, 0.4), block=k) for k in (1, 2)])

    assert estimate.value == 0
    assert estimate.high == pytest.approx(0.0029912, rel=1e-4)


def test_identical_blocks_prove_nothing():
    """The interval is no narrower than independent requests would give."""
    block = np.random.default_rng(1).lognormal(0, 0.5, 200)
    estimate = quantiles.quantile([block] * 6, 0.95)

    assert estimate.high / estimate.low > 1.1


def test_a_p95_with_more_than_five_percent_failures_is_infinite():
    values = np.r_[np.full(90, 0.1), np.full(10, math.inf)]

    assert "infinite: 10.0 %" in quantiles.quantile([values] * 6, 0.95).reason


def test_a_p95_that_one_block_makes_infinite_is_not_bounded():
    good, bad = np.full(100, 0.1), np.r_[np.full(76, 0.1), np.full(24, math.inf)]
    estimate = quantiles.quantile([good] * 4 + [bad], 0.95)

    assert isinstance(estimate, Estimate)
    assert estimate.high is None


def test_one_block_has_no_interval():
    assert isinstance(quantiles.quantile([np.arange(1.0, 101)], 0.95), Unknown)
