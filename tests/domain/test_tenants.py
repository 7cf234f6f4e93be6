"""Tenants of a schedule: the same for both targets, in their shares, and a burst that one of them makes."""

from collections import Counter
from dataclasses import replace

import pytest

from harness.domain.arrivals import poisson, square_burst
from harness.domain.mix import Mix, mix_data, mix_from
from harness.domain.questions import Message, Question
from harness.domain.schedule import draw

QUESTIONS = [Question(f"q{n}", (Message("user", "What?"),), 100, 2) for n in range(5)]
SHARES = (("acme", 6.0), ("globex", 3.0), ("initech", 1.0))
MIX = Mix(tenants=SHARES)


def shares(arrivals):
    counts = Counter(arrival.tenant for arrival in arrivals)
    return {name: counts[name] / len(arrivals) for name, _ in SHARES}


def test_each_tenant_has_its_share_and_both_targets_see_the_same():
    profile = poisson(50).during(100)
    made = draw(profile, QUESTIONS, 7, MIX)

    assert shares(made.arrivals) == pytest.approx({"acme": 0.6, "globex": 0.3, "initech": 0.1}, abs=0.03)
    assert made.digest == draw(profile, QUESTIONS, 7, mix_from(mix_data(MIX))).digest
    assert made.digest != draw(profile, QUESTIONS, 7, replace(MIX, tenants=SHARES[::-1])).digest


def test_without_tenants_a_schedule_stays_what_it_was():
    profile = poisson(5).during(10)
    made = draw(profile, QUESTIONS, 7, Mix())

    assert {arrival.tenant for arrival in made.arrivals} == {None}
    whose = draw(profile, QUESTIONS, 7, MIX)
    assert [replace(arrival, tenant=None) for arrival in whose.arrivals] == list(made.arrivals)


def test_all_that_a_burst_adds_is_the_noisy_tenants():
    profile = square_burst(rate=20, factor=5, on_s=30, off_s=30).during(240)
    made = draw(profile, QUESTIONS, 7, replace(MIX, noisy="globex")).arrivals
    quiet, burst = ([a for a in made if (a.phase == "burst") is loud] for loud in (False, True))

    assert shares(quiet) == pytest.approx({"acme": 0.6, "globex": 0.3, "initech": 0.1}, abs=0.03)
    assert shares(burst) == pytest.approx({"acme": 0.12, "globex": 0.86, "initech": 0.02}, abs=0.02)


def test_a_conversation_keeps_its_tenant():
    made = draw(poisson(20).during(100), QUESTIONS, 7, replace(MIX, turns=4.0, think_s=0.1)).arrivals
    whose = {}
    for arrival in made:
        whose.setdefault(arrival.session, set()).add(arrival.tenant)

    assert {len(names) for names in whose.values()} == {1}
    assert len({name for names in whose.values() for name in names}) == 3
