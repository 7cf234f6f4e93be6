"""Bursts from zero: instances that were cold, and requests that waited for one."""

import math

import numpy as np
import pytest

from harness.analysis.fromzero import from_zero
from tests.analysis.fakes import run_of


def bursts(response_s, ids, cold, spread_s=0.004):
    n = len(response_s)
    run = run_of(
        response_s,
        profile="fromzero",
        phase=np.array(["zero-01"] * n, dtype=object),
        instance_id=np.array(ids, dtype=object),
        cold=np.array(cold, dtype=object),
    )
    run.columns["scheduled_s"] = np.zeros(n)
    run.columns["sent_s"] = np.linspace(0, spread_s, n)
    run.columns["finished_s"] = np.where(np.isfinite(response_s), response_s, 0.01)
    return run


def test_one_cold_instance_may_delay_many_requests():
    found = from_zero("alpha", [bursts([1.0] * 6, ["a", "a", "a", "a", "b", "w"], [True] * 5 + [False])])

    assert (found.cold_instances, found.delayed) == (2, 5)
    assert found.start_spread_s == pytest.approx(0.004)


def test_refused_requests_are_neither_answered_nor_cold():
    found = from_zero("alpha", [bursts([1.0, math.inf, math.inf], ["a", None, None], [True, None, None])])

    assert (found.answered, found.refused, found.cold_instances, found.delayed) == (1, 2, 1, 1)


def test_a_target_that_answers_nothing_has_counts_and_no_times():
    found = from_zero("alpha", [bursts([math.inf] * 3, [None] * 3, [None] * 3)])

    assert (found.answered, found.median_s, found.p95_s) == (0, None, None)


def test_without_a_burst_there_is_nothing():
    assert from_zero("alpha", []) is None
