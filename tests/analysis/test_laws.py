"""The laws behind every interval, held to scipy.stats and to closed forms."""

from __future__ import annotations

import math

import pytest
import scipy  # its stats are loaded when they are first asked for

from harness.analysis import laws

DEGREES = (1, 2, 5, 11, 100)


def test_the_normal_quantile_is_that_of_scipy() -> None:
    assert laws.normal_quantile(0.975) == pytest.approx(scipy.stats.norm.ppf(0.975), rel=1e-12)


@pytest.mark.parametrize("degrees", DEGREES)
def test_quantile_and_tail_of_t_are_those_of_scipy(degrees: int) -> None:
    assert laws.t_quantile(0.975, degrees) == pytest.approx(scipy.stats.t.ppf(0.975, degrees), rel=1e-10)
    assert laws.t_two_sided(-2.2, degrees) == pytest.approx(2 * scipy.stats.t.sf(2.2, degrees), rel=1e-10)


def test_no_event_leaves_room_for_three() -> None:
    assert laws.poisson_upper(0, 0.95) == pytest.approx(-math.log(0.05))
    assert laws.poisson_upper(7, 0.95) == pytest.approx(scipy.stats.chi2.ppf(0.95, 16) / 2, rel=1e-10)


@pytest.mark.parametrize("degrees", DEGREES)
def test_chi_squared_and_noncentral_t_are_those_of_scipy(degrees: int) -> None:
    assert laws.chi_squared_quantile(0.025, degrees) == pytest.approx(scipy.stats.chi2.ppf(0.025, degrees), rel=1e-9)
    assert laws.noncentral_t(2.0, degrees, 1.5) == pytest.approx(scipy.stats.nct.cdf(2.0, degrees, 1.5), rel=1e-6)
