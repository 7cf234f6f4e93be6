"""What a plan is expected to take, before there is any data."""

import pytest

from harness.analysis.length import length as drawn


def length(planned, requests, ratio, seed, spread=0.05):
    return drawn(planned, requests, ratio, spread, seed)


def test_the_farther_p95_is_below_its_limit_the_sooner_it_is_settled():
    near, far, farther = (length(12, [600, 600], ratio, seed=1).blocks for ratio in (1.05, 1.2, 1.5))
    assert 12 >= near > far > farther >= 6


def test_at_the_limit_the_plans_end_is_what_to_expect():
    assert dict(length(12, [600], 1.0, seed=1).ends)[12] > 0.9


def test_fewer_requests_a_block_take_more_blocks():
    assert length(12, [60], 1.2, seed=1).blocks > length(12, [600], 1.2, seed=1).blocks


def test_the_shares_are_of_the_sealed_looks_and_make_the_mean():
    found = length(12, [600], 1.2, seed=3)
    assert [count for count, _ in found.ends] == [6, 8, 12]
    assert sum(share for _, share in found.ends) == pytest.approx(1)
    assert sum(count * share for count, share in found.ends) == pytest.approx(found.blocks)


def test_the_same_seed_expects_the_same():
    assert length(12, [600], 1.2, seed=3) == length(12, [600], 1.2, seed=3)


def test_a_plan_too_short_for_a_verdict_is_measured_whole():
    assert length(4, [600], 3.0, seed=1).blocks == 4


def test_the_more_blocks_differ_the_more_it_takes():
    assert length(12, [600], 1.2, seed=1, spread=0.2).blocks > length(12, [600], 1.2, seed=1, spread=0.02).blocks
