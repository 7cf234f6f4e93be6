"""What a search's page says of what gave way, in one sentence a target."""

from types import SimpleNamespace

import pytest

from harness.analysis.capacity import TriedRate
from harness.analysis.gave_way import Confirmed, GaveWay
from harness.domain.experiments.belief import StepVerdict
from harness.platforms.platform import Measure, Signal, Tier
from harness.report.platforms import at_its_limit

QUEUE = Signal("depth", "s", Measure.QUEUED, "count", "requests that wait")


def found(*tiers, confirmed=()):
    """A search whose steps from 30/s on broke, the first of which kept."""
    steps = [TriedRate(1, 20.0, 0.4, 10, StepVerdict.KEPT, ""), *(_broken(k) for k in range(len(tiers)))]
    gave = [
        GaveWay("alpha", "search", f"s{k}", 30.0 + k, 20, 10, tier, 5, 4 if tier else 0, (), 1, confirmed)
        for k, tier in enumerate(tiers)
    ]
    kept = GaveWay("alpha", "search", "first", 20.0, 10, 0, None, block=1)
    capacity = SimpleNamespace(target="alpha", steps=tuple(steps))
    return SimpleNamespace(capacities=(capacity,), gave_way=(kept, *gave))


def _broken(k):
    return TriedRate(1, 30.0 + k, None, 20, StepVerdict.BROKEN, "")


def sentence(*tiers, **more):
    return at_its_limit(found(*tiers, **more), {"alpha": "Container"})


def test_one_step_names_its_tier_and_the_requests_that_point_at_it():
    assert sentence(Tier.RUNTIME) == (
        "Container: the runtime gave way first at 30.0/s: 4 of the first 5 bad requests point at it.",
    )


def test_several_steps_say_how_many_of_them_agree_and_what_the_platform_says():
    [said] = sentence(Tier.FRONT, Tier.FRONT, Tier.STORE, confirmed=(Confirmed(QUEUE, 7.0),))

    assert said == (
        "Container: the front gave way first at 30.0/s to 32.0/s: 8 of the first 10 bad requests point at it at 2 of 3 "
        "broken steps; the platform says the same: requests that wait: 7."
    )


@pytest.mark.parametrize(
    ("tiers", "parts"),
    [
        ((None, None), "not told 2 of 2"),
        ((Tier.FRONT, Tier.STORE), "front 1, store 1 of 2"),
        ((Tier.FRONT, None, None), "front 1, not told 2 of 3"),
    ],
)
def test_where_steps_do_not_agree_it_cannot_tell(tiers, parts):
    [said] = sentence(*tiers)

    assert "can't be told" in said
    assert f"({parts} broken steps)" in said


def test_a_search_without_a_broken_step_says_nothing():
    assert sentence() == ()
