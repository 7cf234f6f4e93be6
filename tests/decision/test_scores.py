"""Scores and their firmness, against the reference's worked cases."""

import math
from random import Random

import pytest
import scipy  # its stats are loaded when they are first asked for

from harness.decision.scorecards import critical
from harness.decision.scorecards import part_of as part
from harness.decision.scores import (
    Card,
    Scored,
    acceptability,
    flip_weight,
    flips,
    normalised,
)
from harness.domain.criteria import COST, DEFAULT_WEIGHTS, LATENCY, Criterion
from harness.domain.estimate import Estimate

A = dict(zip(Criterion, (3, 5, 3, 4, 4, 4, 2), strict=True))
B = dict(zip(Criterion, (5, 3, 5, 4, 3, 4, 4), strict=True))


def card(name, scores, noise=0.0):
    return Card(name, {c: Scored(float(v), v - noise, v + noise, "") for c, v in scores.items()})


def test_the_references_worked_sum():
    assert card("A", A).total(DEFAULT_WEIGHTS) == pytest.approx(3.70)
    assert card("B", B).total(DEFAULT_WEIGHTS) == pytest.approx(3.95)


def test_the_references_flip_weights():
    found = {f.criterion: f.flips_at for f in flips([card("A", A), card("B", B)], DEFAULT_WEIGHTS)}

    assert found[Criterion.LATENCY] == pytest.approx(0.085714, abs=1e-6)
    assert found[Criterion.COST] == pytest.approx(0.288889, abs=1e-6)
    assert found[Criterion.OPERATIONS] == pytest.approx(0.32, abs=1e-6)
    assert found[Criterion.DEPENDENCIES] is None
    assert found[Criterion.LOCK_IN] is None
    assert found[Criterion.SCALING] is None, "both score the same, so its weight cannot flip it"


def test_a_third_that_overtakes_first_is_the_one_that_the_weight_flips_to():
    """Anna leads; Ben, the second, would lead from 60 % on, but Cleo, the third, leads from 40 % on."""
    low, high = Criterion.LATENCY, Criterion.COST
    cards = [
        card("Anna", {low: 5.0, high: 3.0}),
        card("Ben", {low: 4.7, high: 3.2}),
        card("Cleo", {low: 4.0, high: 4.5}),
    ]
    weights = {low: 0.7, high: 0.3}
    found = {f.criterion: f for f in flips(cards, weights)}

    assert [c.name for c in sorted(cards, key=lambda c: -c.total(weights))] == ["Anna", "Ben", "Cleo"]
    assert found[high].flips_at == pytest.approx(0.4)
    assert found[high].to == "Cleo"
    assert found[low].flips_at == pytest.approx(0.6)


@pytest.mark.parametrize("seed", range(20))
def test_just_before_a_flip_the_leader_leads_and_just_after_it_another_does(seed):
    rng = Random(seed)
    cards = [card(name, {c: rng.uniform(1, 5) for c in Criterion}) for name in "ABC"]
    leader = max(cards, key=lambda c: c.total(DEFAULT_WEIGHTS))
    for flip in flips(cards, DEFAULT_WEIGHTS):
        towards = [flip.flips_at] if flip.flips_at is not None else [0.001, 0.999]
        for end in towards:
            near, past = (flip.weight + (end - flip.weight) * share for share in (0.99, 1.01))
            assert leads(cards, flip.criterion, near) == leader.name
            if flip.flips_at is not None:
                assert leads(cards, flip.criterion, past) == flip.to


def leads(cards, criterion, weight):
    rest = (1 - weight) / (1 - DEFAULT_WEIGHTS[criterion])
    weights = {c: weight if c is criterion else w * rest for c, w in DEFAULT_WEIGHTS.items()}
    return max(cards, key=lambda c: c.total(weights)).name


@pytest.mark.parametrize(("confidence", "blocks"), [(0.99, 6), (0.975, 12), (0.95, 12), (0.95, 1)])
def test_a_scores_spread_is_its_error_whatever_the_look_and_the_blocks(confidence, blocks):
    """A share of half the limit with an error of a twentieth of it: the anchors make 0.4 points of that."""
    errors = (
        scipy.stats.t.ppf((1 + confidence) / 2, blocks - 1)
        if blocks > 1
        else scipy.stats.norm.ppf((1 + confidence) / 2)
    )
    half = 0.05 * errors / 2
    known = Estimate(0.75, 0.75 - half, 0.75 + half, confidence, 600, blocks, "")

    assert critical(known) == pytest.approx(errors, rel=1e-6)
    value, low, high, said = part(known, 1.0, LATENCY)
    assert Scored(value, low, high, "", said).spread == pytest.approx(0.025 * 8, rel=1e-6)


def test_the_references_acceptability():
    """A wins 9.8 % of draws around the weights (kappa 66) and 21.4 % under uniform ones."""
    found = acceptability([card("A", A), card("B", B)], DEFAULT_WEIGHTS, 66, seed=1)

    assert found.around["A"] == pytest.approx(0.098, abs=0.01)
    assert found.uniform["A"] == pytest.approx(0.214, abs=0.012)
    assert sum(found.around.values()) == pytest.approx(1)


def uniform_share(differences):
    """P(sum w_i d_i > 0) for two alternatives under uniform weights: sum over d_i > 0 of d_i^(n-1)/prod(d_i - d_j).

    Differences must be distinct; the closed form that the draws are held to.
    """
    n = len(differences)
    return sum(
        d ** (n - 1) / math.prod(d - other for k, other in enumerate(differences) if k != i)
        for i, d in enumerate(differences)
        if d > 0
    )


@pytest.mark.parametrize(
    ("differences", "share"),
    [((1, -3), 0.25), ((2, 1, -1), 5 / 6), ((3, 2, 1, -1, -2, -0.5, 0.7), 0.784322)],
)
def test_the_closed_form_of_uniform_weights(differences, share):
    assert uniform_share(differences) == pytest.approx(share, abs=1e-6)


def test_the_draws_agree_with_the_closed_form():
    differences = (1.5, 1.0, 0.5, -0.5, -1.0, -0.25, 0.35)
    one = card("A", dict(zip(Criterion, (3 + d / 2 for d in differences), strict=True)))
    two = card("B", dict(zip(Criterion, (3 - d / 2 for d in differences), strict=True)))

    drawn = acceptability([one, two], DEFAULT_WEIGHTS, 66, seed=2).uniform["A"]
    assert drawn == pytest.approx(uniform_share(differences), abs=0.012)


def test_noise_in_what_was_measured_makes_the_order_less_firm():
    sure = acceptability([card("A", A), card("B", B)], DEFAULT_WEIGHTS, 1e6, seed=3).around["B"]
    unsure = acceptability([card("A", A, 2), card("B", B, 2)], DEFAULT_WEIGHTS, 1e6, seed=3).around["B"]

    assert sure == 1
    assert 0.5 < unsure < 0.95


def test_two_that_are_the_same_share_every_draw():
    assert acceptability([card("A", A), card("B", A)], DEFAULT_WEIGHTS, 66, seed=4).around == {"A": 0.5, "B": 0.5}


def test_a_third_alternative_never_turns_the_order_of_two_round():
    weights = DEFAULT_WEIGHTS
    two = sorted([card("A", A), card("B", B)], key=lambda c: -c.total(weights))
    third = card("C", dict.fromkeys(Criterion, 3))

    assert [c.name for c in sorted([*two, third], key=lambda c: -c.total(weights)) if c.name != "C"] == ["B", "A"]


def test_a_criterion_that_nobody_scored_gives_its_weight_to_the_others():
    kept = [Criterion.LATENCY, Criterion.COST]

    assert normalised(DEFAULT_WEIGHTS, kept) == {Criterion.LATENCY: 0.5, Criterion.COST: 0.5}


def test_no_weight_flips_what_one_wins_everywhere():
    weights = {Criterion.LATENCY: 0.5, Criterion.COST: 0.5}

    assert flip_weight(weights, {Criterion.LATENCY: 1.0, Criterion.COST: 2.0}, Criterion.COST) is None


def test_anchors_are_one_at_the_limit_and_five_at_the_best():
    assert [LATENCY.score(x) for x in (1.2, 1.0, 0.75, 0.5, 0.1)] == [1.0, 1.0, 3.0, 5.0, 5.0]
    assert COST.score(0.7) == pytest.approx(3.0)


def test_an_open_upper_end_scores_the_least_there_for_it_may_be_any_value():
    known = Estimate(0.75, 0.6, None, 0.95, 600, 6, "")
    value, low, high, _ = part(known, 1.0, LATENCY)

    assert low == 1.0 < value < high
