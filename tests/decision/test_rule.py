"""The rule: what a bias of the harness voids, and what stands without a comparison."""

from types import SimpleNamespace

import pytest

from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.rule import Choice, Confidence, Gate, Voids, choose
from harness.decision.scorecards import Scoring
from harness.decision.scores import Acceptability, Card, Scored
from harness.domain.criteria import Criterion
from harness.domain.estimate import Estimate
from harness.domain.reasons.choice import HarnessBiased, NothingValid, OtherPassages
from harness.domain.verdict import Judgement

BIAS = Voids(bias=HarnessBiased("alpha", ()))
OTHER = OtherPassages(0.2)


def chosen(voids, baseline=Judgement.PASS, candidate=Judgement.PASS, blocks=(1, 2, 3)):
    judged = {BASELINE: baseline, CANDIDATE: candidate, HYBRID: Judgement.PASS}
    gates = {name: Gate(name, judgement, (), ()) for name, judgement in judged.items()}
    return choose(None, SimpleNamespace(data=SimpleNamespace(blocks_valid=blocks), hybrid=None), gates, None, voids)


def test_a_broken_promise_decides_without_a_comparison_so_a_bias_only_lowers_the_confidence():
    made = chosen(BIAS, candidate=Judgement.FAIL)
    assert (made.choice, made.confidence) == (Choice.BASELINE, Confidence.LOW)


def test_two_that_keep_every_promise_cannot_be_told_apart_by_a_biased_harness():
    made = chosen(BIAS)
    assert (made.choice, made.step) == (Choice.NONE, BIAS.bias)


def test_other_work_voids_promises_too():
    made = chosen(Voids(work=OTHER), candidate=Judgement.FAIL)
    assert (made.choice, made.step) == (Choice.NONE, OTHER)


@pytest.mark.parametrize("voids", [Voids(), BIAS])
def test_without_a_valid_block_nothing_is_said(voids):
    assert chosen(voids, blocks=()).step == NothingValid()


def scored(**points):
    """Scores of five by alternative, in two criteria of equal weight."""
    cards = tuple(
        Card(
            name,
            {
                c: Scored(value, value, value, OTHER)
                for c, value in zip((Criterion.LATENCY, Criterion.COST), both, strict=True)
            },
        )
        for name, both in points.items()
    )
    weights = {Criterion.LATENCY: 0.5, Criterion.COST: 0.5}
    return Scoring(cards, weights, {}, {}, Acceptability({}, {}), (), ())


def test_where_one_runtime_and_both_together_tie_the_third_is_not_chosen_for_being_cheap():
    gates = {name: Gate(name, Judgement.PASS, (), ()) for name in (BASELINE, CANDIDATE, HYBRID)}
    usd = {"alpha": Estimate(0.05, 0.05, 0.05, 0.95, 300, 6, ""), "beta": Estimate(0.01, 0.01, 0.01, 0.95, 300, 6, "")}
    findings = SimpleNamespace(
        data=SimpleNamespace(blocks_valid=(1,), baseline="alpha", candidate="beta"),
        hybrid=None,
        comparisons=(),
        cost_of=lambda name: SimpleNamespace(per_success_usd=usd[name]),
    )
    config = SimpleNamespace(
        margins=SimpleNamespace(cost=1.1), criteria=SimpleNamespace(kappa=66), pilot=SimpleNamespace(seed=1)
    )
    scores = scored(baseline=(5, 4.9), hybrid=(4.9, 5), candidate=(2, 2))

    made = choose(SimpleNamespace(config=config), findings, gates, scores, Voids())

    assert (made.choice, made.step.kind) == (Choice.BASELINE, "one_is_enough")
