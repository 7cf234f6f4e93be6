"""Which p95 a profile of requests for passages is held to."""

from types import SimpleNamespace

import pytest

from harness.decision.gather import _response_limit_s
from harness.domain.workload import Promise, WorkKind, Workload

OWN = {Promise.RESPONSE: 0.5}


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

    assert _response_limit_s(SimpleNamespace(config=config, workloads=lambda: (workload,)), "retrieval") == limit_s
