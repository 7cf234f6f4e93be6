"""A quota that was read from an account is the fleet's limit, whoever assumed another."""

import math
from dataclasses import replace

import pytest

from harness.domain.quota import Granted, Need, QuotaConfig
from harness.domain.target import PriceModel
from harness.evidence.store import Store
from harness.platforms.scaling import Basis, Grows, Picks, Scaling, assumed, declared
from harness.predict.granted import STATED, as_seen, granted, room, stated, within
from harness.predict.growth import scaling_of
from tests.builders import external
from tests.predict.priced import fitted


def scaling(most, at_once=1, vcpus=1):
    of = (Grows.ON_DEMAND, Picks.RECENT, declared(at_once, "t"), declared(0, "t"), most)
    return Scaling(*of, vcpus=declared(vcpus, "t"))


USUAL = assumed(1000, 10, 1000, "a documented default")
NOBODY_SAYS = assumed(math.inf, 1, math.inf, "nobody says")


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


def test_a_quota_that_target_toml_states_is_a_limit_whoever_bills(tmp_path):
    of = external(
        "http://127.0.0.1:1", quotas=(QuotaConfig("concurrency", Need.CONCURRENCY, 5), QuotaConfig("coded", Need.VCPU))
    )
    made = within(scaling(NOBODY_SAYS), of.name, stated(of), STATED)

    assert (made.most.value, made.most.basis) == (5, Basis.DECLARED)
    assert made.most.source == "concurrency, [[quotas]] of target.toml"


@pytest.mark.parametrize(
    ("most", "instances", "in_flight", "low", "value"),
    [
        (USUAL, 30, 30, 30, 1000),
        (USUAL, None, 30, 30, 1000),
        (assumed(10, 1, 20, "d"), 40, 40, 40, 40),
        (USUAL, 4, 4, 10, 1000),
    ],
)
def test_an_assumed_limit_is_no_lower_than_what_was_there(most, instances, in_flight, low, value):
    one = fitted(scaling(most), (1.0,) * 8)
    driven = replace(one.driven, instances=instances, in_flight=in_flight)
    made = as_seen(replace(one, driven=driven)).scaling.most

    assert (made.low, made.value) == (low, value)


def test_what_is_billed_by_use_may_be_limited_anywhere_where_nobody_says():
    of = external(
        "http://127.0.0.1:1", prices=PriceModel("", "", "custom", {"per_million_requests": {"usd": 1, "source": "s"}})
    )

    assert (scaling_of(of, {}).most.low, scaling_of(of, {}).most.value) == (1, math.inf)


def test_the_smallest_limit_that_counts_instances_is_the_room_there_is():
    four, rate = Granted("alpha", "vCPU", Need.VCPU, 16), Granted("alpha", "a rate", Need.REQUESTS_PER_S, 1)
    others = Granted("beta", "vCPU", Need.VCPU, 4)

    assert room(scaling(USUAL, vcpus=4), "alpha", [four, rate, others]) == (4, "vCPU")
    assert room(scaling(USUAL), "alpha", [rate, others]) is None
