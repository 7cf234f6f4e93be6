"""A quota that was read from an account is the fleet's limit, whoever assumed another."""

import math

import pytest

from harness.domain.quota import Granted, Need
from harness.evidence.store import Store
from harness.platforms.scaling import Basis, Grows, Picks, Scaling, assumed, declared
from harness.predict.granted import granted, within


def scaling(most, at_once=1, vcpus=1):
    of = (Grows.ON_DEMAND, Picks.RECENT, declared(at_once, "t"), declared(0, "t"), most)
    return Scaling(*of, vcpus=declared(vcpus, "t"))


USUAL = assumed(1000, 10, 1000, "a documented default")


@pytest.mark.parametrize(
    ("needs", "limit", "shape", "most"),
    [
        (Need.CONCURRENCY, 50, {}, 50),
        (Need.CONCURRENCY, 50, {"at_once": 8}, 6),
        (Need.VCPU, 16, {"vcpus": 4}, 4),
        (Need.REQUESTS_PER_S, 50, {}, 1000),
    ],
)
def test_a_limit_that_was_read_is_declared(needs, limit, shape, most):
    made = within(scaling(USUAL, **shape), "alpha", [Granted("alpha", "a quota", needs, limit)])

    assert made.most.value == most
    assert (made.most.basis is Basis.DECLARED) == (most != 1000)


def test_the_smaller_of_a_quota_and_what_is_declared_holds_and_another_targets_is_no_limit():
    ten, twenty = declared(10, "the control plane"), Granted("alpha", "a quota", Need.CONCURRENCY, 20)

    assert within(scaling(ten), "alpha", [twenty]).most == ten
    assert within(scaling(declared(math.inf, "t")), "beta", [twenty]).most.value == math.inf


def test_what_the_checks_kept_is_read_and_older_checks_grant_nothing(tmp_path):
    store = Store(tmp_path)
    assert granted(store) == ()
    row = {"name": "alpha: a quota", "answer": "pass"}
    kept = {"target": "alpha", "name": "a quota", "needs": "concurrency", "limit": 20.0}
    store.write_checks({"quotas": [row, {**row, "granted": kept}, {**row, "granted": None}]})

    assert granted(store) == (Granted("alpha", "a quota", Need.CONCURRENCY, 20.0),)
