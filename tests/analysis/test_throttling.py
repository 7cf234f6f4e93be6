"""The funnel: offered, admitted, answered, within the SLO."""

import math

import numpy as np

from harness.analysis import throttling
from tests.analysis.fakes import run_of


def run(block, refused=20):
    response = np.r_[np.full(70, 0.5), np.full(10, 3.0), np.full(refused, math.inf)]
    n = len(response)
    return run_of(
        response,
        block=block,
        layer=np.array(["platform"] * n, dtype=object),
        retry_after_s=np.where(np.isfinite(response), np.nan, 1.0),
    )


def test_every_request_is_somewhere_in_the_funnel():
    found = throttling.funnel("alpha", "burst", [run(k) for k in range(6)], p95_limit_s=2.0, ttft_limit_s=None)

    assert (found.offered, found.admitted, found.answered, found.good) == (600, 480, 480, 420)
    assert found.by_layer == (("throttled", "platform", 120),)
    assert found.retry_after == (120, 120)
    assert found.refused_share.value == 0.2


def test_no_refusal_still_has_an_upper_limit():
    found = throttling.funnel("alpha", "burst", [run(k, refused=0) for k in range(6)], 2.0, None)

    assert found.refused_share.value == 0
    assert 0.0077 < found.refused_share.high < 0.03, "Clopper-Pearson of 480 independent requests, and more for blocks"


def test_the_timeline_adds_up_to_what_was_offered():
    seconds = throttling.timeline("alpha", [run(k) for k in range(3)], 2.0, None)

    assert sum(s.offered for s in seconds) == 100
    assert sum(s.refused for s in seconds) == 20
    assert sum(s.answered for s in seconds) == 80
