"""When more blocks can't change the recommendation: by kinds of verdicts, whatever their numbers."""

import pytest

from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.rule import By, Choice, Chosen, Confidence, Gate
from harness.decision.settling import Settled, lasts, settled
from harness.domain.estimate import Unknown
from harness.domain.reason import Other
from harness.domain.verdict import Judgement, Slo, SloVerdict

PASS, FAIL, OPEN = Judgement.PASS, Judgement.FAIL, Judgement.INCONCLUSIVE


def gate(*verdicts, metric="p95_s"):
    made = [
        SloVerdict("t", "steady", Slo("p95", metric, 1.0, "s"), v, Unknown(Other("not drawn")), Other("why"))
        for v in verdicts
    ]
    failed, undecided = ([v for v in made if v.judgement is word] for word in (FAIL, OPEN))
    word = FAIL if failed else OPEN if undecided else PASS
    return Gate("t", word, tuple(failed), tuple(undecided))


def why(baseline, candidate, hybrid=(PASS,), by=By.MEASURES, *, told=True, priced=True):
    gates = {BASELINE: gate(*baseline), CANDIDATE: gate(*candidate), HYBRID: gate(*hybrid)}
    return settled(gates, by, told=told, priced=priced)


@pytest.mark.parametrize("told", [True, False])
def test_one_that_fails_beside_one_that_keeps_every_promise_is_settled_whatever_the_comparison(told):
    assert why([PASS, FAIL, OPEN], [PASS, PASS], by=By.GATES, told=told, priced=told) is Settled.GATES


def test_one_that_fails_beside_one_that_is_open_is_not_for_that_one_may_fail_too():
    assert why([FAIL], [PASS, OPEN], by=By.GATES) is None


@pytest.mark.parametrize(
    ("hybrid", "expected"), [((FAIL, OPEN), Settled.GATES), ((PASS,), Settled.GATES), ((PASS, OPEN), None)]
)
def test_two_that_fail_are_settled_where_it_is_told_whether_both_together_keep_every_promise(hybrid, expected):
    assert why([FAIL, OPEN], [PASS, FAIL], hybrid, By.GATES) is expected


def test_two_that_keep_every_promise_are_settled_once_the_comparison_is_told():
    assert why([PASS], [PASS]) is Settled.TOLD
    assert why([PASS], [PASS], told=False) is None


@pytest.mark.parametrize(
    ("by", "expected"), [(By.SCORES, Settled.SCORES), (By.LEANING, None), (By.MEASURES, None), (By.VOID, None)]
)
def test_an_open_comparison_is_not_waited_for_where_firm_scores_decide(by, expected):
    assert why([PASS], [PASS], by=by, told=False) is expected


def test_a_cost_that_was_not_collected_yet_is_waited_for():
    assert why([PASS], [PASS], priced=False) is None
    assert why([PASS], [PASS], by=By.SCORES, told=False, priced=False) is None


def test_one_open_promise_of_either_is_waited_for():
    assert why([PASS, OPEN], [PASS], by=By.SCORES) is None
    assert why([PASS], [OPEN], by=By.SCORES) is None


def test_a_promise_that_no_pilot_can_show_to_be_kept_is_waited_for_by_nobody():
    gates = {BASELINE: gate(OPEN, metric="availability"), CANDIDATE: gate(PASS), HYBRID: gate(PASS)}
    assert settled(gates, By.MEASURES, told=True, priced=True) is Settled.TOLD


def test_nothing_is_settled_where_the_rule_could_not_choose():
    """A biased harness, other work or no block: more evidence of another kind is needed first."""
    assert why([PASS], [PASS], by=By.VOID) is None


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Chosen(Choice.NONE, Confidence.LOW, "both fail", By.GATES), True),
        (Chosen(Choice.BASELINE, Confidence.HIGH, "scores", By.SCORES, 0.97), True),
        (Chosen(Choice.BASELINE, Confidence.HIGH, "scores", By.SCORES, 0.85), False),
        (Chosen(Choice.BASELINE, Confidence.MODERATE, "leans", By.LEANING, 0.7), False),
        (Chosen(Choice.BASELINE, Confidence.HIGH, "cheaper", By.MEASURES), True),
        (Chosen(Choice.NONE, Confidence.LOW, "tie", By.MEASURES), False),
    ],
)
def test_what_more_blocks_could_turn_round_ends_nothing_early(chosen, expected):
    assert lasts(chosen) is expected
