"""Before the first block: does the plan fit the quotas, and are both targets reached alike."""

from pathlib import Path

import pytest

from harness.check.contract_check import Answer
from harness.check.preflight import (
    Demand,
    Way,
    fairness_checks,
    quota_checks,
    scaling_check,
    timeout_check,
    way_to,
)
from harness.domain.quota import Need, Quota
from harness.domain.target import Dialect, Target
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.external.config import External
from harness.platforms.local_function.config import LocalFunction
from tests.fakes import ScriptedServer

STARTS = 1_000.0  # new environments in any ten seconds
PLAN = [
    Demand("steady", False, {Need.CONCURRENCY: 30.0, Need.TOKENS_PER_MINUTE: 60_000.0}),
    Demand("burst", False, {Need.CONCURRENCY: 300.0, Need.TOKENS_PER_MINUTE: 400_000.0}),
    Demand("capacity", True, {Need.CONCURRENCY: 5000.0}),
]


def answer(limit, share=0.5, needs=Need.CONCURRENCY, **more):
    [check] = quota_checks([Quota("q", needs, limit, **more)], PLAN, share)
    return check


def test_a_plan_that_fits_passes_and_a_search_that_goes_past_it_is_said():
    check = answer(1000)

    assert check.answer is Answer.PASS
    assert check.detail == "burst needs 300 of 1,000; capacity may search past it, and then finds the quota"


def test_a_profile_that_would_only_measure_the_quota_fails():
    check = answer(200)

    assert check.answer is Answer.FAIL
    assert "burst needs 300 of 200: it would only measure the quota" in check.detail


def test_a_quota_that_production_shares_may_be_used_up_to_the_sealed_share():
    assert answer(500).answer is Answer.FAIL
    assert "more than the 0.5 of it" in answer(500).detail
    assert answer(500, shared=False).answer is Answer.PASS


def test_tokens_a_minute_count_the_whole_answer_as_reserved():
    check = answer(200_000, needs=Need.TOKENS_PER_MINUTE)

    assert "burst needs 400,000 of 200,000" in check.detail


def test_a_quota_that_could_not_be_read_is_not_fine():
    assert answer(None, reason="AccessDenied").answer is Answer.UNKNOWN
    assert answer(10, needs=Need.VCPU).answer is Answer.UNKNOWN


def test_a_burst_that_wants_more_new_environments_than_ten_seconds_give():
    assert scaling_check(PLAN, STARTS).answer is Answer.PASS
    assert scaling_check([Demand("burst", False, {Need.CONCURRENCY: 1500.0})], STARTS).answer is Answer.FAIL


def target(runtime):
    return Target("t", Path(), Dialect.RAG_CHAT, runtime)


@pytest.mark.parametrize(
    ("runtime", "facts", "expected"),
    [
        (LocalFunction(("x",), {}, timeout_s=30), {}, Answer.FAIL),
        (LocalFunction(("x",), {}, timeout_s=15), {}, Answer.PASS),
        (AwsLambda("f", "r"), {"Timeout": 60}, Answer.FAIL),
        (AwsLambda("f", "r"), {"Timeout": 10}, Answer.PASS),
        (AwsLambda("f", "r"), {"kind": "aws-lambda"}, Answer.PASS),
        (AwsLambda("f", "r"), {"unreadable": "AccessDeniedException"}, Answer.UNKNOWN),
        (AwsLambda("f", "r"), "the control plane did not answer", Answer.UNKNOWN),
    ],
)
def test_a_client_that_gives_up_before_the_runtime_does_is_told(runtime, facts, expected):
    assert timeout_check(target(runtime), facts, 15.0).answer is expected


def test_of_a_target_without_a_control_side_nothing_is_asked_so_nothing_passes():
    assert timeout_check(target(External()), {"kind": "external"}, 15.0) is None


def fairness(first, second, regions=("r", "r")):
    metas = [{"runtime": {"region": region}} for region in regions]
    checks = fairness_checks(["a", "b"], [first, second], metas, 2.0)
    return [c.answer for c in checks if "cache" not in c.name]


def test_two_targets_in_one_place_are_reached_alike():
    assert fairness(Way(0.001, 0.004, "https"), Way(0.002, 0.005, "https")) == [Answer.PASS] * 3


def test_a_longer_way_another_scheme_or_region_is_not_fair():
    assert fairness(Way(0.001, None, "http"), Way(0.045, None, "http"))[0] is Answer.FAIL
    assert fairness(Way(0.001, None, "http"), Way(0.001, 0.004, "https"))[1] is Answer.FAIL
    assert fairness(Way(0.001, None, "http"), Way(0.001, None, "http"), ("eu", "us"))[2] is Answer.FAIL
    assert fairness("refused", Way(0.001, None, "http"), (None, "us")) == [Answer.UNKNOWN] * 3


def test_the_way_is_measured_by_connecting_alone():
    server = ScriptedServer()
    try:
        way = way_to(Target("t", Path(), Dialect.RAG_CHAT, External()), server.url)
    finally:
        server.close()

    assert 0 < way.connect_s < 1
    assert way.tls_s is None
    assert server.paths == []


def test_a_target_that_is_not_there_is_told_in_words():
    assert "refused" in way_to(Target("t", Path(), Dialect.RAG_CHAT, External()), "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("on", "declared", "answer"),
    [
        (([], []), (), Answer.PASS),
        ((["answer"], []), (), Answer.FAIL),
        ((["answer"], ["answer"]), ("answer",), Answer.PASS),
        ((["answer"], ["answer", "retrieval"]), ("answer",), Answer.FAIL),
        (([], None), (), Answer.UNKNOWN),
    ],
)
def test_only_caches_that_were_sealed_on_may_answer(on, declared, answer):
    metas = [{"caches": kinds} if kinds is not None else {} for kinds in on]
    [check] = [c for c in fairness_checks(["a", "b"], ["", ""], metas, 1.0, declared) if "cache" in c.name]
    assert check.answer is answer
