"""Blocks: balanced, shuffled by the seed, spread over days and day-parts."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from harness.planning.blocks import _orders, _slots, run_seed


@pytest.mark.parametrize("blocks", [2, 6, 7, 12, 13])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_orders_are_balanced_within_each_day_part_and_overall(blocks, seed):
    orders = _orders(blocks, 3, seed)

    assert abs(orders.count("AB") - orders.count("BA")) <= 1
    for part in range(3):
        mine = Counter(orders[part::3])
        assert abs(mine["AB"] - mine["BA"]) <= 1


def test_the_order_is_random_but_the_seeds_own():
    assert _orders(12, 3, 1) == _orders(12, 3, 1)
    assert len({tuple(_orders(12, 3, seed)) for seed in range(20)}) > 10


def test_blocks_spread_over_days_and_day_parts():
    slots = _slots(12, 10, ("09:00", "14:00", "20:00"), datetime(2026, 11, 22, 15, tzinfo=UTC))

    assert slots[0] == (1, "09:00", datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert [s[2] for s in slots] == sorted(s[2] for s in slots)
    assert Counter(s[1] for s in slots) == {"09:00": 4, "14:00": 4, "20:00": 4}
    assert len({s[0] for s in slots}) == 10


def test_both_targets_of_a_block_share_a_seed_and_blocks_do_not():
    assert run_seed(1, 2, "steady") == run_seed(1, 2, "steady")
    assert len({run_seed(1, block, p) for block in range(20) for p in ("steady", "burst")}) == 40
