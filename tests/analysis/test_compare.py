"""Comparisons: the words that ratios and intervals earn."""

import math

import numpy as np
import pytest

from harness.analysis.compare import compare
from harness.domain.verdict import Relation
from tests.analysis.fakes import run_of

LIMITS = (2.0, None)


def blocks(scale=1.0, k=6, n=300, seed=0, spread=0.05):
    rng = np.random.default_rng(seed)
    weather = np.random.default_rng(99).normal(0, spread, k)
    return [run_of(scale * np.exp(weather[b] + rng.normal(0, 0.3, n)), block=b) for b in range(k)]


def relation(candidate, baseline, margin=1.1):
    return compare("steady", "p95_s", candidate, baseline, margin, LIMITS).relation


def test_thirty_percent_slower_is_worse_and_the_other_way_round_better():
    assert relation(blocks(1.3, seed=1), blocks(seed=2)) is Relation.WORSE
    assert relation(blocks(seed=2), blocks(1.3, seed=1)) is Relation.BETTER


def test_the_same_within_the_margin_is_equivalent():
    assert relation(blocks(k=12, n=2000, seed=1), blocks(k=12, n=2000, seed=2)) is Relation.EQUIVALENT


def test_fewer_than_six_blocks_decide_nothing():
    assert relation(blocks(3, k=5), blocks(k=5)) is Relation.UNRESOLVED


def test_an_infinite_p95_on_one_side_is_worse():
    refusing = [run_of(np.r_[np.full(80, 0.1), np.full(20, math.inf)], block=b) for b in range(6)]

    assert relation(refusing, blocks()) is Relation.WORSE
    assert relation(blocks(), refusing) is Relation.BETTER


def test_two_infinite_sides_are_compared_by_goodput():
    def refusing(share, seed):
        rng = np.random.default_rng(seed)
        return [run_of(np.where(rng.random(400) < share, math.inf, 0.1), block=b) for b in range(6)]

    found = compare("burst", "p95_s", refusing(0.5, 1), refusing(0.2, 2), 1.1, LIMITS)

    assert found.relation is Relation.WORSE
    assert "goodput" in found.reason


def test_no_pairs_are_unresolved_not_an_error():
    assert relation([], []) is Relation.UNRESOLVED


def test_the_same_target_twice_is_called_different_no_more_often_than_stated():
    """A/A: 95 % intervals on six blocks err in about one of twenty; 40 campaigns, at most 5."""
    wrong = sum(
        relation(blocks(seed=2 * s), blocks(seed=2 * s + 1), margin=1.0001) in (Relation.BETTER, Relation.WORSE)
        for s in range(40)
    )
    assert wrong <= 5


@pytest.mark.slow
def test_the_a_a_error_rate_over_many_campaigns():
    wrong = sum(
        relation(blocks(seed=2 * s), blocks(seed=2 * s + 1), margin=1.0001) in (Relation.BETTER, Relation.WORSE)
        for s in range(2000)
    )
    assert wrong / 2000 < 0.07
