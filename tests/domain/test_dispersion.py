"""How bursty arrivals are, against processes whose truth is known."""

import pytest

from harness.domain import arrivals
from harness.domain.dispersion import dispersion


def of(profile, seed=3):
    return dispersion([d.scheduled_s for d in profile.arrivals(seed)])


def test_even_spacing_has_no_variation():
    said = of(arrivals.constant(20).during(100))

    assert said.gap_cv == pytest.approx(0, abs=1e-6)
    assert said.idc_1s == pytest.approx(0, abs=0.1)


def test_poisson_has_one_of_each():
    said = of(arrivals.poisson(50).during(400))

    assert said.gap_cv == pytest.approx(1, abs=0.03)
    assert said.idc_1s == pytest.approx(1, abs=0.2)


def test_a_gamma_renewal_process_has_its_cv_and_in_long_windows_its_square():
    said = of(arrivals.gamma(50, 3).during(2000))

    assert said.gap_cv == pytest.approx(3, rel=0.05)
    assert said.idc_10s == pytest.approx(9, rel=0.25)


def test_too_few_to_tell_is_none_and_not_zero():
    assert dispersion([]) == dispersion([]).__class__(0, None, None, None)
    assert dispersion([0.0, 1.0, 2.0]).idc_1s is None
