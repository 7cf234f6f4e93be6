"""How many blocks would settle a promise, and how far that number may be trusted."""

from dataclasses import replace

from harness.analysis.blocks_needed import blocks_needed
from harness.analysis.shares import Share
from harness.domain.verdict import Needed
from harness.words import said

ALPHA = 0.025


def test_an_open_promise_near_its_limit_gets_no_number_to_plan_by():
    """What was seen would take some dozens of blocks; the truth may lie at the limit, and then none would do."""
    found = blocks_needed(Share(0.035, 1200, 12, 2.0), 0.05, ALPHA)

    assert found.high is None
    assert found.low < found.blocks
    assert "no upper bound is known" in said(found)
    assert f"about {found.blocks}" not in said(found)


def test_even_a_promise_that_the_next_block_may_settle_says_how_many_it_may_also_take():
    beyond = Share(0.02, 1, 12, 1.5)
    n = next(n for n in range(300, 3000, 10) if replace(beyond, n=n).below(0.05, ALPHA))
    found = blocks_needed(replace(beyond, n=n - 10), 0.05, ALPHA)

    assert found.blocks == found.low == 13
    assert found.high > 3 * 13
    assert said(found) == "at least 13 blocks are needed to settle it; no upper bound is known yet"


def test_a_number_is_said_where_its_ends_are_near():
    assert said(Needed(12, 9, 20)) == "about 12 blocks would settle it (9 to 20)"


def test_below_the_least_blocks_only_those_are_sure():
    assert blocks_needed(Share(0.01, 300, 3, 1.0), 0.05, ALPHA) == Needed(6, 6, None)


def test_nothing_measured_needs_no_number():
    assert blocks_needed(Share(float("nan"), 0, 0, 1.0), 0.05, ALPHA) is None
