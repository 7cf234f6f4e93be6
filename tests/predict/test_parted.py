"""A month in two, held to counting by hand."""

import numpy as np
import pytest

from harness.domain.traffic import SECONDS_PER_MONTH, Traffic
from harness.predict.loads import MonthOf, peak_of
from harness.predict.parted import parted, share_beyond

HOUR_S = 3600.0


def bursts(times: float = 1.0) -> MonthOf:
    """An hour with one request every 6 s, and minutes 10 and 40 of it with 120 requests each, at ``times`` its pace."""
    every = np.arange(0.0, HOUR_S, 6.0)
    extra = np.concatenate([600.0 + np.arange(110) * 60 / 110, 2400.0 + np.arange(110) * 60 / 110])
    instants = np.sort(np.concatenate([every, extra]))
    own = len(instants) / HOUR_S * SECONDS_PER_MONTH
    return MonthOf("made up", Traffic(round(own * times), peak_of(instants) * times), instants, HOUR_S)


@pytest.mark.parametrize("times", [1.0, 0.5, 3.0])
def test_of_a_trace_only_minutes_beyond_the_rate_send_something_beyond(times):
    """1/s is 60 a minute: of both minutes with 120, half goes beyond."""
    below, beyond = parted(bursts(times), 1.0 * times)

    assert len(beyond.instants_s) == 120
    assert set((beyond.instants_s // 60).astype(int)) == {10, 40}
    assert len(below.instants_s) + len(beyond.instants_s) == len(bursts().instants_s)
    assert below.traffic.requests_per_month + beyond.traffic.requests_per_month == pytest.approx(
        bursts(times).traffic.requests_per_month, abs=1
    )
    assert beyond.traffic.peak_per_s == pytest.approx(1.0 * times, rel=0.03)


def test_both_parts_of_a_trace_are_played_at_the_pace_of_the_whole():
    whole = bursts(0.5)

    assert [part.levels(1.0)[0].times for part in parted(whole, 0.5)] == pytest.approx([0.5, 0.5], rel=1e-3)


def test_a_month_of_a_trace_that_a_fleet_carries_whole_sends_nothing_beyond_it():
    assert parted(bursts(), 5.0)[1] is None
    assert share_beyond(bursts(), 5.0) == 0.0


def test_what_a_trace_sends_beyond_is_its_bursts_and_not_the_evenness_of_its_mean():
    """Its mean is .23/s: a flat month at that rate would fit below 1/s."""
    flat = MonthOf.of_week(Traffic(bursts().traffic.requests_per_month, 820 / HOUR_S))

    assert share_beyond(flat, 1.0) == 0.0
    assert share_beyond(bursts(), 1.0) == pytest.approx(120 / 820, rel=1e-3)
