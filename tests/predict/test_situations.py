"""What nobody measured is otherwise than it is taken to be: the prediction refuses, or its interval covers."""

import math
from collections import Counter

import pytest

from harness.predict.prediction import Quantity
from tests.predict.situations import Otherwise, draw, predict, truly

SITUATIONS = 200
NEARLY = 1.10  # an end that the truth passes by less is no narrow wrong answer: nine of ten intervals cover
POINTS = 0.01  # of a share


def verdict(quantity, known, truth):
    """refused, covered, near (just outside) or wrong."""
    low, high = getattr(known, "low", None), getattr(known, "high", None)
    if not hasattr(known, "value"):
        infinite = known.reason.kind == "many_would_fail"
        return ("covered" if math.isinf(truth) else "wrong") if infinite else "refused"
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    if low <= truth <= high:
        return "covered"
    share = quantity in (Quantity.COLD_SHARE, Quantity.REFUSED_SHARE)
    away = (low - POINTS <= truth <= high + POINTS) if share else (low / NEARLY <= truth <= high * NEARLY)
    return "near" if away else "wrong"


def judged(seed):
    situation = draw(seed)
    made, true = predict(situation), truly(situation)
    return situation, {q: verdict(q, made.of(q).known, value) for q, value in true.items()}


@pytest.mark.parametrize("seed", range(len(Otherwise)), ids=[o.name for o in Otherwise])
def test_it_refuses_or_covers(seed):
    situation, found = judged(seed)

    assert situation.otherwise is list(Otherwise)[seed]
    assert "wrong" not in found.values(), found


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_of_two_hundred_situations_none_is_answered_narrowly_and_wrongly(capsys):
    tally, wrong = Counter(), []
    for seed in range(SITUATIONS):
        situation, found = judged(seed)
        for quantity, said in found.items():
            tally[situation.otherwise.name, said] += 1
            if said == "wrong":
                wrong.append((seed, situation.otherwise.name, quantity.value))
    told = sum(n for (_, said), n in tally.items() if said != "refused")
    covered = sum(n for (_, said), n in tally.items() if said == "covered")
    with capsys.disabled():
        for (otherwise, said), n in sorted(tally.items()):
            print(f"{otherwise:8} {said:8} {n}")
        print(f"{covered} of {told} answers cover, {sum(tally.values()) - told} refused, {len(wrong)} wrong: {wrong}")
    assert not wrong
    assert covered / told >= 0.85
