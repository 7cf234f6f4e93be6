"""From how busy on a capacity is the cheaper one, against the closed form."""

import pytest

from harness.analysis.break_even import break_even
from harness.domain.estimate import Unknown
from harness.domain.reasons import absence
from harness.domain.traffic import SECONDS_PER_MONTH, Traffic
from tests.analysis.test_projection import capacity, project

FLAT = Traffic(2_000_000, 2_000_000 / SECONDS_PER_MONTH)


def test_it_is_the_mean_rate_at_the_crossing_over_what_the_fleet_sustains():
    """Two tasks that sustain 5 a second together, evenly used: the crossing's requests over 5 x a month's seconds."""
    two = capacity("fleet", 5.0, 2)
    [crossing] = project(FLAT, [two]).crossings
    found = break_even(crossing, two)

    assert found.value == pytest.approx(crossing.requests / SECONDS_PER_MONTH / 5.0)
    assert 0 < found.value < 1


def test_a_peak_above_the_mean_leaves_it_less_busy_at_the_same_peak_use():
    two = capacity("fleet", 5.0, 2)
    peaky = Traffic(2_000_000, 3 * FLAT.peak_per_s)
    crossing = project(peaky, [two]).crossings[0]

    assert break_even(crossing, two).value == pytest.approx(crossing.utilisation / 3)


def test_a_less_certain_capacity_gives_a_wider_interval():
    sure, unsure = (capacity("fleet", 5.0, 2, off) for off in (1.01, 1.5))
    narrow, wide = (break_even(project(FLAT, [c]).crossings[0], c) for c in (sure, unsure))

    assert wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high
    assert (wide.low, wide.high) != (narrow.low, narrow.high)


def test_it_is_not_known_without_a_crossing_and_of_what_is_billed_by_use():
    two = capacity("fleet", 5.0, 2)
    [crossing] = project(FLAT, [two]).crossings

    assert break_even(None, two) == Unknown(absence.NoCrossing())
    assert break_even(crossing, capacity("function", 5.0, 2)) == Unknown(absence.BilledByUse())
