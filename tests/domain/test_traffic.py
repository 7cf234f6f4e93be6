"""Traffic over the week."""

import pytest

from harness.domain.traffic import week_of


def test_a_trace_of_days_is_folded_into_one_day_and_its_rest_is_left_out():
    office = [day * 86_400 + 9 * 3600 + k for day in range(3) for k in range(100)]
    week = week_of([*office, 3 * 86_400 + 5])

    assert len(week) == 168
    assert week[9] == 300
    assert sum(week[:24]) == 300
    assert week[:24] == week[24:48]


def test_a_trace_of_weeks_keeps_its_weekend():
    instants = [day * 86_400 + 12 * 3600 for day in range(14) if day % 7 < 5]
    week = week_of([*instants, 14 * 86_400])

    assert [week[day * 24 + 12] for day in range(7)] == [2, 2, 2, 2, 2, 0, 0]


def test_an_hour_of_trace_has_no_shape_of_a_day():
    with pytest.raises(ValueError, match="shorter than a day"):
        week_of([0.0, 3600.0])
