"""The worked cases of the literature that the methods are taken from."""

import math

import numpy as np
import pytest

from harness.analysis import quantiles
from harness.analysis.jackknife import jackknife, ratio_of_totals
from harness.analysis.shares import share_of
from harness.domain.estimate import Estimate, Infinite, Unknown
from harness.domain.quantile import least_n
from harness.words import said


def test_pooled_p95_of_six_blocks():
    blocks = [m * np.arange(1, 101) / 100 for m in (100, 104, 98, 110, 101, 95)]
    estimate = quantiles.quantile(blocks, 0.95)

    assert estimate.value == pytest.approx(96.8)
    assert estimate.low < 93
    assert estimate.high > 99


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


def test_too_few_requests_leave_the_upper_end_open_and_say_so():
    estimate = quantiles.quantile([np.arange(1.0, 41)] * 6, 0.99)

    assert (estimate.value, estimate.high) == (40, None)
    assert "240 requests in 6 blocks are too few" in said(estimate.why_open)


@pytest.mark.parametrize(("failures", "clopper_pearson"), [(0, 0.0030692), (1, 0.0046342), (12, 0.017403)])
def test_a_share_is_no_narrower_than_clopper_and_pearson_of_independent_requests(failures, clopper_pearson):
    """And not much wider: half a failure a block made 5.3 % of one in 1,200."""
    hits = np.zeros(12)
    hits[:failures] = 1
    low, high = share_of(hits, np.full(12, 100.0)).interval(0.025)

    assert clopper_pearson < high < 1.7 * clopper_pearson
    assert low <= failures / 1200


def test_identical_blocks_prove_nothing():
    """The interval is no narrower than independent requests would give."""
    block = np.random.default_rng(1).lognormal(0, 0.5, 200)
    estimate = quantiles.quantile([block] * 6, 0.95)

    assert estimate.high / estimate.low > 1.1


def test_a_p95_with_more_than_five_percent_failures_is_infinite():
    values = np.r_[np.full(90, 0.1), np.full(10, math.inf)]

    found = quantiles.quantile([values] * 6, 0.95)

    assert isinstance(found, Infinite)
    assert "10.0 % of 600 requests failed" in said(found.reason)


def test_a_p95_that_one_block_makes_infinite_is_not_bounded():
    good, bad = np.full(100, 0.1), np.r_[np.full(76, 0.1), np.full(24, math.inf)]
    estimate = quantiles.quantile([good] * 4 + [bad], 0.95)

    assert isinstance(estimate, Estimate)
    assert estimate.high is None
    assert said(estimate.why_open) == "24 of 500 requests failed, so the true share may be above 5 %"


def test_one_block_has_no_interval():
    assert isinstance(quantiles.quantile([np.arange(1.0, 101)], 0.95), Unknown)
