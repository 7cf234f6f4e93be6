"""The rule: what a bias of the harness voids, and what stands without a comparison."""

from types import SimpleNamespace

import pytest

from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.rule import Choice, Confidence, Gate, Voids, choose
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
