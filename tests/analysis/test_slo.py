"""SLO verdicts: three values, and how many blocks would settle an open one."""

import numpy as np

from harness.analysis.slo import blocks_needed, judge, verdict
from harness.domain.estimate import Estimate, Unknown
from harness.domain.verdict import Judgement, Slo
from tests.analysis.fakes import run_of

P95 = Slo("p95 response time", "p95_s", 1.0, "s")


def estimate(value, low, high, blocks=6):
    return Estimate(value, low, high, 0.95, 600, blocks, "test")


def test_pass_and_fail_need_the_whole_interval_on_one_side():
    assert judge(estimate(0.8, 0.7, 0.9), P95, 6)[0] is Judgement.PASS
    assert judge(estimate(1.2, 1.1, 1.3), P95, 6)[0] is Judgement.FAIL
    assert judge(estimate(0.95, 0.8, 1.1), P95, 6)[0] is Judgement.INCONCLUSIVE


def test_fewer_than_six_blocks_are_inconclusive_however_clear():
    assert judge(estimate(0.1, 0.09, 0.11, 5), P95, 5)[0] is Judgement.INCONCLUSIVE


def test_an_infinite_p95_fails_and_other_gaps_are_inconclusive():
    assert judge(Unknown("infinite: 10 % failed"), P95, 6)[0] is Judgement.FAIL
    assert judge(Unknown("no measured request"), P95, 6)[0] is Judgement.INCONCLUSIVE


def test_an_open_bound_is_no_pass():
    assert judge(Estimate(0.5, None, None, 0.95, 600, 6, ""), P95, 6)[0] is Judgement.INCONCLUSIVE


def test_blocks_needed_shrink_with_the_gap():
    near, far = blocks_needed(estimate(0.97, 0.85, 1.11), 1.0), blocks_needed(estimate(0.90, 0.79, 1.03), 1.0)

    assert near > far > 6


def test_blocks_needed_for_a_clean_error_rate_follow_the_exact_limit():
    """1 % needs 299 clean requests; 216 in 6 blocks are 36 a block, so 9 blocks."""
    assert blocks_needed(Estimate(0.0, 0.0, 0.0138, 0.95, 216, 6, ""), 0.01) == 9


def test_failures_count_against_the_latency_too():
    values = np.r_[np.full(90, 0.1), np.full(10, np.inf)]
    found = verdict("alpha", "steady", P95, [run_of(values, block=k) for k in range(6)])

    assert found.judgement is Judgement.FAIL
