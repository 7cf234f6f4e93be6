"""A canary's steps: known sides behind the split, and what is said of each step."""

from datetime import UTC, datetime

import numpy as np
import pytest

from harness.analysis.canary import COLUMNS, graded, more_than_before, told
from harness.analysis.dataset import read
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reasons.absence import FewRequestsOf, NoQuality, NotRecovered
from harness.evidence.store import RunRecord
from tests.builders import sample, write_run

STEP_S, RATE = 60.0, 20
SHARES = (0.0, 0.01, 0.05, 0.25, 1.0, 0.0)


def driven(fails, *, shares=SHARES, changed=None, seed=1, answer_s=0.2):
    """Requests evenly spaced; ``fails(share, at_s, rng)``: whether the new side fails one that is due ``at_s`` into its step."""
    rng = np.random.default_rng(seed)
    due = np.arange(0.0, len(shares) * STEP_S, 1 / RATE)
    step = np.minimum((due // STEP_S).astype(int), len(shares) - 1)
    new = np.array([rng.random() < shares[k] for k in step])
    bad = np.array([n and fails(shares[k], t - k * STEP_S, rng) for n, k, t in zip(new, step, due, strict=True)])
    columns = {
        "scheduled_s": due,
        "finished_s": due + answer_s,
        "outcome": np.where(bad, "server_error", "ok").astype(object),
        "route": np.where(new, "function", "fleet").astype(object),
        "degraded": np.full(len(due), None, dtype=object),
    }
    steps = [
        {"share": s, "due_s": k * STEP_S, "changed_s": k * STEP_S if changed is None or k < changed else None}
        for k, s in enumerate(shares)
    ]
    return told({"side": "function", "steps": steps}, columns, len(shares) * STEP_S), columns


def test_a_side_that_fails_a_fifth_is_seen_at_each_step_as_often_as_it_is_asked():
    steps, _ = driven(lambda _share, _at, rng: rng.random() < 0.2)

    for step in steps[1:5]:
        assert step.failed.low <= 0.2 * step.share <= step.failed.high
        assert step.failed.n == step.requests == STEP_S * RATE
    assert steps[3].by_side == pytest.approx(0.25 * STEP_S * RATE, rel=0.2)
    assert isinstance(steps[3].recovered_s.reason, NotRecovered)
    assert isinstance(steps[4].recovered_s.reason, NotRecovered)
    assert steps[5].recovered_s.value == 0
    assert steps[0].failed.value == steps[5].failed.value == 0


def test_a_side_that_refuses_all_from_a_quarter_on_is_told_there_and_gone_with_the_way_back():
    steps, _ = driven(lambda share, _at, _rng: share >= 0.25)

    assert [step.failed.value for step in steps[:3]] == [0, 0, 0]
    assert [step.recovered_s.value for step in steps[1:3]] == [0, 0]
    assert steps[3].failed.low <= 0.25 <= steps[3].failed.high
    assert steps[4].failed.value == 1
    assert isinstance(steps[4].recovered_s, Unknown)
    assert steps[5].recovered_s.value == 0


def test_seconds_to_recover_end_with_the_last_answer_of_a_cold_side():
    steps, _ = driven(lambda _share, at_s, _rng: at_s < 7)

    assert 6.8 <= steps[4].recovered_s.value <= 7 + 0.2  # the last few alone are not shown to be more than before
    assert steps[5].recovered_s.value == 0


def test_what_failed_before_the_canary_is_not_its_doing():
    steps, columns = driven(lambda _share, _at, _rng: False)
    always = np.arange(len(columns["outcome"])) % 50 == 0
    columns["outcome"] = np.where(always, "timeout", "ok").astype(object)
    again = told(
        {"side": "function", "steps": [{"share": s, "changed_s": k * STEP_S} for k, s in enumerate(SHARES)]},
        columns,
        len(SHARES) * STEP_S,
    )

    assert [step.recovered_s.value for step in again[1:]] == [0] * 5
    assert all(step.failed.value == pytest.approx(0.02, abs=0.001) for step in again)
    assert len(steps) == 6


def test_steps_that_never_began_are_not_told_and_the_last_one_ends_with_the_run():
    steps, _ = driven(lambda _share, _at, _rng: False, changed=3)

    assert [step.share for step in steps] == [0.0, 0.01, 0.05]
    assert [step.drained_s for step in steps] == [None] * 3  # the way back never began


def test_degraded_answers_are_a_share_of_those_that_tell():
    steps, columns = driven(lambda _share, _at, _rng: False)
    assert isinstance(steps[3].degraded.reason, NoQuality)

    columns["degraded"] = np.where(columns["route"] == "function", True, None)
    content = {"side": "function", "steps": [{"share": s, "changed_s": k * STEP_S} for k, s in enumerate(SHARES)]}
    step = told(content, columns, len(SHARES) * STEP_S)[3]

    assert (step.degraded.value, step.degraded.n) == (1, step.by_side)
    assert isinstance(step.recovered_s.reason, NotRecovered)


def test_the_way_back_says_when_the_last_answer_of_the_side_had_ended():
    steps, _ = driven(lambda _share, _at, _rng: False, answer_s=1.5)

    assert steps[-1].drained_s == pytest.approx(1.5 - 1 / RATE)
    assert [step.drained_s for step in steps[:-1]] == [None] * 5


def test_too_few_requests_tell_nothing():
    due = np.arange(0.0, 4.0, 0.5)
    columns = {
        "scheduled_s": due,
        "finished_s": due + 0.1,
        "outcome": np.array(["ok"] * 8, dtype=object),
        "route": np.array(["fleet"] * 8, dtype=object),
        "degraded": np.full(8, None, dtype=object),
    }
    made = {"side": "function", "steps": [{"share": 0.0, "changed_s": 0.0}, {"share": 1.0, "changed_s": 2.0}]}
    steps = told(made, columns, 4.0)

    assert isinstance(steps[1].recovered_s.reason, FewRequestsOf)
    assert isinstance(steps[1].failed, Estimate)
    assert steps[1].failed.high > 0.5  # nothing seen of four says little


@pytest.mark.parametrize(
    ("case", "p"),
    [
        ((8, 10, 1, 10), 0.002739),
        ((3, 50, 1, 50), 0.308719),
        ((6, 100, 0, 100), 0.014445),
        ((4, 100, 0, 100), 0.060620),
    ],
)
def test_larger_is_fishers_exact_test_one_sided(case, p):
    assert more_than_before(*case) is (p < 0.05)  # p-values of R's fisher.test(alternative = "greater")


def test_an_answer_is_degraded_by_the_rule_of_every_run_not_by_its_own_flag_alone(tmp_path):
    """A side that says nothing, and answers from another model, or cites one passage of the two that were usual."""

    def answered(k):
        new = k >= 40
        less = {"model": "small"} if k % 4 == 0 else {"citations": "a"} if k % 4 == 1 else {}
        usual = {
            "question_id": f"q{k % 4}",
            "model": "large",
            "citations": "a b",
            "route": "function" if new else "fleet",
        }
        return sample(k, degraded=None, **(usual | (less if new else {})))

    write_run(tmp_path, [answered(k) for k in range(80)], datetime(2026, 11, 20, 9, tzinfo=UTC))
    record = RunRecord(tmp_path, 1, 1, "canary", "router", {}, {"valid": True})
    steps = [{"share": 0.0, "changed_s": 0.0}, {"share": 1.0, "changed_s": 40.0}]
    content = {"target": "router", "side": "function", "steps": steps}
    before, after = told(content, graded(content, record, read(tmp_path, COLUMNS)), 80.0)

    assert (before.degraded.value, before.degraded.n) == (0, 40)
    assert (after.degraded.value, after.degraded.n) == (0.5, 40)
