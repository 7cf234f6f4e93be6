"""The live page of a run: where it is, what it met, what is left and spent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harness.campaign.progress import BAR, Pace, RunSeen, RunShown, bar, duration, page

STEP = RunShown(12, 49, 3, 18, "burst on function", remaining_s=570, whole_s=1200)
SEEN = RunSeen(218, 187, 450, Decimal("1.234"), Decimal(50))


def test_the_page_says_where_what_how_long_and_how_much() -> None:
    _, where, run, pilot = page(STEP, 10, 40, SEEN)
    assert where == "block 3 of 18, run 12 of 49: burst on function"
    assert run.endswith("left 30 s  218 of 450 ended, 31 failed")
    assert run.count("━") == BAR // 4
    assert pilot.endswith("left 10 min  spent 1.23 of 50 USD (MODELLED)")
    assert pilot.count("━") == BAR // 2


def test_a_search_does_not_know_how_many_requests_it_will_need() -> None:
    assert "218 ended, 31 failed" in page(STEP, 10, 40, RunSeen(218, 187, 0, Decimal(0), Decimal(50)))[2]


@pytest.mark.parametrize(("done", "whole", "filled"), [(0, 10, 0), (5, 10, BAR // 2), (20, 10, BAR), (1, 0, 0)])
def test_a_bar_is_never_longer_than_whole(done: float, whole: float, filled: int) -> None:
    assert bar(done, whole) == "━" * filled + "╌" * (BAR - filled)


def test_a_run_that_takes_longer_than_expected_has_nothing_left_but_the_rest() -> None:
    assert "left 0 s" in page(STEP, 100, 40, SEEN)[2]
    assert f"left {duration(STEP.remaining_s)}" in page(STEP, 100, 40, SEEN)[3]


def test_what_is_left_grows_with_what_the_runs_so_far_took_and_never_shrinks():
    pace = Pace()
    assert pace.factor == 1.0
    pace.add(45.0, 30.0)
    pace.add(15.0, 10.0)
    assert pace.factor == 1.5
    pace.add(0.0, 100.0)
    assert pace.factor == 1.0
