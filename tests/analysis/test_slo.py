"""SLO verdicts: three values from one share, and how many blocks would settle an open one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.slo import ceiling, verdict
from harness.domain.estimate import Estimate, Infinite, Unknown
from harness.domain.reason import Other
from harness.domain.verdict import Judgement, Slo
from harness.words import said
from tests.analysis.fakes import run_of

P95 = Slo("p95 response time", "p95_s", 1.0, "s")
ERRORS = Slo("error rate", "error_rate", 0.01, "share")


def blocks(late=0.0, failed=0.0, k=6, n=400, between=0.05):
    """Fast answers, of which exactly so many in each block are beyond a second or failed."""
    rng = np.random.default_rng(1)
    out = []
    for block in range(k):
        times = 0.4 * np.exp(rng.normal(0, between) + rng.normal(0, 0.2, n)).clip(0.1, 0.6)
        times[: round(late * n)] = 3.0
        times[n - round(failed * n) :] = math.inf
        out.append(run_of(times, block=block))
    return out


def judged(slo=P95, **law):
    return verdict("alpha", "steady", slo, blocks(**law))


def test_few_enough_beyond_the_limit_pass_and_too_many_fail():
    assert judged(late=0.01).judgement is Judgement.PASS
    assert judged(late=0.15).judgement is Judgement.FAIL
    assert judged(late=0.045).judgement is Judgement.INCONCLUSIVE


def test_the_share_beyond_and_the_share_that_is_allowed_travel_with_the_verdict():
    found = judged(late=0.01)

    assert found.allowed == pytest.approx(0.05)
    assert found.beyond.value == pytest.approx(0.01)
    assert found.beyond.high < 0.05


def test_fewer_than_six_blocks_are_inconclusive_however_clear():
    assert judged(k=5).judgement is Judgement.INCONCLUSIVE
    assert judged(late=0.9, k=5).judgement is Judgement.INCONCLUSIVE
    assert judged(failed=1.0, k=5).judgement is Judgement.INCONCLUSIVE


def test_failures_count_against_the_latency_too():
    assert judged(late=0.05, failed=0.1).judgement is Judgement.FAIL


def test_an_infinite_p95_decides_nothing_by_itself():
    """5.25 % failed is more than 5 %, and may be chance."""
    found = judged(failed=0.0525)

    assert isinstance(found.estimate, Infinite)
    assert found.judgement is Judgement.INCONCLUSIVE
    assert judged(failed=0.2).judgement is Judgement.FAIL


def test_one_bad_block_is_no_proof_against_a_promise():
    runs = [*blocks(k=5), run_of(np.r_[np.full(200, 0.4), np.full(200, 3.0)], block=5)]

    assert verdict("alpha", "steady", P95, runs).judgement is Judgement.INCONCLUSIVE


def test_no_failure_seen_passes_where_there_were_requests_enough():
    assert judged(ERRORS, k=6).judgement is Judgement.PASS
    assert judged(ERRORS, k=6, n=40).judgement is Judgement.INCONCLUSIVE


def test_nothing_measured_is_inconclusive():
    assert verdict("alpha", "steady", P95, []).judgement is Judgement.INCONCLUSIVE
    assert said(verdict("alpha", "steady", P95, []).reason) == "no valid request was measured"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.2, 4.0), st.floats(0.0, 0.1), st.sampled_from(["p95_s", "p99_s"]))
def test_a_percentiles_interval_never_contradicts_the_verdict(seed, limit, failing, metric):
    rng = np.random.default_rng(seed)
    runs = [
        run_of(
            np.where(rng.random(80) < failing, math.inf, np.exp(rng.normal(0, 0.3) + rng.normal(0, 0.5, 80))), block=k
        )
        for k in range(7)
    ]
    found = verdict("alpha", "steady", Slo("p", metric, limit, "s"), runs)
    low = found.estimate.low
    high = found.estimate.high if isinstance(found.estimate, Estimate) else None

    assert (found.judgement is Judgement.PASS) == (high is not None and high <= limit)
    assert (found.judgement is Judgement.FAIL) == (low is None or low > limit)
    assert (found.beyond.high < found.allowed + 1e-9) == (found.judgement is Judgement.PASS)


def test_blocks_needed_shrink_with_the_gap():
    near, far = judged(late=0.04, n=100).blocks_needed, judged(late=0.03, n=100).blocks_needed

    assert near.blocks > far.blocks > 6


def test_a_cost_is_judged_by_the_interval_that_it_comes_with():
    def cost(low, high, blocks=6):
        return ceiling("alpha", "cost", "monthly_runtime_usd", 100.0, Estimate(90, low, high, 0.99, 600, blocks, ""))

    assert cost(80, 99).judgement is Judgement.PASS
    assert cost(101, 120).judgement is Judgement.FAIL
    assert cost(80, 120).judgement is Judgement.INCONCLUSIVE
    assert cost(80, None).judgement is Judgement.INCONCLUSIVE
    assert cost(80, 99, blocks=5).judgement is Judgement.INCONCLUSIVE
    assert said(ceiling("alpha", "cost", "usd", 1.0, Unknown(Other("no prices"))).reason) == "no prices"


def test_runs_shorter_than_what_their_requests_remember_are_told_to_be_longer():
    rng = np.random.default_rng(3)
    runs = []
    for _ in range(6):
        z = rng.normal()
        runs.append([math.exp(z := 0.95 * z + 0.31 * rng.normal()) for _ in range(50)])
    found = verdict(
        "alpha",
        "steady",
        Slo("p", "p95_s", 1.5 * max(map(max, runs)), "s"),
        [run_of(r, block=k) for k, r in enumerate(runs)],
    )

    assert found.judgement is Judgement.INCONCLUSIVE
    assert "a run of 50 requests is too short" in said(found.reason)


def thinking(first_reasoning_s, first_token_s, **columns):
    """Six blocks of streams that think first; instants count from the intended send."""
    out = []
    for block in range(6):
        run = run_of(np.full(400, 3.0), block=block)
        due = run.columns["scheduled_s"]
        more = {"first_reasoning_s": due + first_reasoning_s, "first_token_s": due + first_token_s}
        out.append(run_of(np.full(400, 3.0), block=block, **more, **columns))
    return out


def test_a_promise_to_the_first_reasoning_and_one_to_the_first_token_are_two():
    runs = thinking(0.3, 2.5)
    reasoning = Slo("p95 time to first reasoning", "first_reasoning_p95_s", 1.0, "s")
    token = Slo("p95 time to first token", "ttft_p95_s", 1.0, "s")

    assert verdict("alpha", "steady", reasoning, runs).judgement is Judgement.PASS
    assert verdict("alpha", "steady", token, runs).judgement is Judgement.FAIL


def test_an_answer_that_does_not_think_is_judged_by_its_first_token():
    slo = Slo("p95 time to first reasoning", "first_reasoning_p95_s", 1.0, "s")

    assert verdict("alpha", "steady", slo, thinking(math.nan, 0.4)).judgement is Judgement.PASS
    assert verdict("alpha", "steady", slo, thinking(math.nan, 2.5)).judgement is Judgement.FAIL


def test_a_failure_breaks_the_promise_to_the_first_reasoning_though_it_thought():
    slo = Slo("p95 time to first reasoning", "first_reasoning_p95_s", 1.0, "s")
    failed = thinking(0.3, math.nan, outcome=np.array(["cut_stream"] * 400, dtype=object))

    assert verdict("alpha", "steady", slo, failed).judgement is Judgement.FAIL
