"""From how busy on a capacity is the cheaper one, against the closed form."""

import pytest

from harness.analysis.break_even import break_even
from harness.domain.estimate import Unknown
from harness.domain.reasons import absence
from harness.domain.traffic import SECONDS_PER_MONTH, Traffic
from tests.analysis.test_projection import capacity, project, target

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


def test_what_is_billed_by_use_and_cheaper_after_a_step_has_no_share_of_the_fleets():
    """One more task makes the function cheaper again: the function has no share of busy tasks to report."""
    fleet, function = capacity("fleet", 2.0, 1), capacity("function", 50.0, 10)
    small = target("fleet", "fargate-alb", vcpu=1, memory_gb=2, tasks=1)
    found = project(Traffic(2_000_000, 4.0), [fleet, function], fleet=small)
    step = next(c for c in found.crossings if c.cheaper_above == "function")

    assert (step.fleet, step.utilisation is None) == ("fleet", False)
    assert break_even(step, function) == Unknown(absence.BilledByUse())
    assert break_even(step, fleet) == Unknown(absence.CheaperBelow())


def test_it_is_not_known_without_a_crossing_and_of_what_is_cheaper_below_it():
    two = capacity("fleet", 5.0, 2)
    [crossing] = project(FLAT, [two]).crossings

    assert break_even(None, two) == Unknown(absence.NoCrossing())
    assert break_even(crossing, capacity("function", 5.0, 2)) == Unknown(absence.CheaperBelow())
