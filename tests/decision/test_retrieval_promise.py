"""Which p95 a profile of requests for passages is held to, and that it decides."""

from types import SimpleNamespace

import pytest

from harness.decision.retrieved import response_limit_s, retrieval_verdicts
from harness.decision.rule import gate
from harness.domain.estimate import Unknown
from harness.domain.reasons.absence import NotMeasured
from harness.domain.reasons.doubt import IsRehearsal
from harness.domain.verdict import Judgement, Slo, SloVerdict
from harness.domain.workload import Promise, WorkKind, Workload

OWN = {Promise.RESPONSE: 0.5}
WHY = IsRehearsal()


@pytest.mark.parametrize(
    ("promises", "measured_by", "of_profile", "limit_s"),
    [
        (OWN, "retrieval", 0.25, 0.5),
        (OWN, "retrieval", None, 0.5),
        ({}, "retrieval", 0.25, 0.25),
        (OWN, "steady", 0.25, 0.25),
        ({}, None, None, None),
    ],
)
def test_a_retrieval_profile_is_held_to_its_workloads_promise_and_else_to_its_own(
    promises, measured_by, of_profile, limit_s
):
    workload = Workload("search", WorkKind.REQUEST, waited_for=True, measured_by=measured_by, promises=promises)
    config = SimpleNamespace(profiles={"retrieval": SimpleNamespace(p95_s=of_profile)})

    assert response_limit_s(SimpleNamespace(config=config, workloads=lambda: (workload,)), "retrieval") == limit_s


def found(target, judgement, profile="retrieval"):
    promise = SloVerdict(target, profile, Slo("p95 of retrieval", "p95_s", 0.25, "s"), judgement, Unknown(WHY), WHY)
    return SimpleNamespace(target=target, profile=profile, promise=promise)


def test_a_broken_promise_of_retrieval_fails_the_gate_like_any_other():
    pair = [found("alpha", Judgement.PASS), found("beta", Judgement.FAIL), found("router", Judgement.FAIL)]
    findings = SimpleNamespace(verdicts=retrieval_verdicts(("alpha", "beta"), pair))

    assert gate("alpha", findings).judgement is Judgement.PASS
    assert [v.slo.name for v in gate("beta", findings).failed] == ["p95 of retrieval"]
    assert {v.target for v in findings.verdicts} == {"alpha", "beta"}, "a router's own is the hybrid's"


def test_a_promise_of_retrieval_that_one_was_not_asked_for_is_open_on_it():
    one, other = retrieval_verdicts(("alpha", "beta"), [found("alpha", Judgement.PASS)])

    assert (one.target, one.judgement) == ("alpha", Judgement.PASS)
    assert (other.target, other.judgement, other.reason) == ("beta", Judgement.INCONCLUSIVE, NotMeasured())


def test_without_a_promise_nothing_is_judged():
    none = SimpleNamespace(target="alpha", profile="retrieval", promise=None)
    assert retrieval_verdicts(("alpha", "beta"), [none]) == ()
