"""Cold and warm answers apart, and what their mixture makes of the p95."""

import math

import numpy as np
import pytest

from harness.analysis.modes import Expected, modes
from harness.domain.estimate import Estimate, Unknown
from tests.analysis.fakes import run_of


def runs(share=0.1, k=8, n=500, seed=1):
    rng = np.random.default_rng(seed)
    out = []
    for block in range(k):
        cold = rng.random(n) < share
        times = np.exp(rng.normal(0, 0.05) + rng.normal(0, 0.3, n)) + 3 * cold
        out.append(run_of(times, block=block, cold=np.array(cold.tolist(), dtype=object)))
    return out


def test_each_part_has_a_value_and_an_interval_of_its_own():
    found = modes("alpha", "steady", runs(), Expected(0.02, 0.01, 0.03))

    assert found.cold_share.value == pytest.approx(0.1, abs=0.02)
    assert found.warm_p95_s.value == pytest.approx(math.exp(1.645 * 0.3), rel=0.05)
    assert found.cold_p95_s.value > 3
    assert found.measured_p95_s.value > 3
    for known in (found.cold_share, found.warm_p95_s, found.cold_p95_s, found.expected_p95_s):
        assert known.low < known.value < known.high


def test_fewer_cold_answers_at_the_expected_traffic_bring_the_p95_back_to_the_warm_ones():
    rare, often = (modes("alpha", "steady", runs(), Expected(s, s, s)) for s in (0.01, 0.2))

    assert rare.expected_p95_s.value < 2 < often.expected_p95_s.value


def test_at_the_share_that_was_measured_the_mixture_is_what_was_measured():
    measured = modes("alpha", "steady", runs(), None)
    share = measured.cold_share.value
    found = modes("alpha", "steady", runs(), Expected(share, share, share))

    assert found.expected_p95_s.value == pytest.approx(measured.measured_p95_s.value, rel=1e-6)


def test_an_open_window_leaves_its_end_open():
    found = modes("alpha", "steady", runs(), Expected(0.02, 0.01, None)).expected_p95_s

    assert isinstance(found, Estimate)
    assert found.high is None
    assert found.why_open


def test_without_a_window_nothing_is_expected_and_without_cold_answers_there_are_no_modes():
    assert isinstance(modes("alpha", "steady", runs(), None).expected_p95_s, Unknown)
    assert modes("alpha", "steady", runs(share=0.0), None) is None
