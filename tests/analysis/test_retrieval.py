"""Retrieval from its samples: hit rates with known truth, times, and what holds the store."""

from __future__ import annotations

from typing import ClassVar

import pytest

from harness.analysis.dataset import load
from harness.analysis.retrieval import retrieval, store_limit
from harness.domain.asks import Asks
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reasons.absence import NoKnownPassages, RerankUntold
from harness.domain.role import Role, role_of
from harness.domain.verdict import Judgement
from tests.builders import ROLES, Pilot, failed, sample

ROLES.setdefault("retrieval", Role.RETRIEVAL)


def asked(n: int, ranks: dict[int, float], **told) -> list:
    """``ranks``: share of the answers that have the known passage at this place; the rest miss it."""
    out = []
    for k in range(n):
        at, rank = k, None
        for place, share in ranks.items():
            if at < round(share * n):
                rank = place
                break
            at -= round(share * n)
        hits = 0 if rank is None else 1
        out.append(
            sample(
                k, stream=False, first_token_s=None, hits=hits, hit_rank=rank, retrieval_ms=4.0, response_s=0.02, **told
            )
        )
    return out


class Retrieved(Pilot):
    """Its paired profile asks for passages."""

    samples: ClassVar[list] = []

    def _samples(self, run):
        return self.samples


def measured(tmp_path, samples):
    pilot = Retrieved(tmp_path, everyday="retrieval")
    pilot.samples = samples
    _, plan, store = pilot.write()
    return load(store, plan).of("alpha", "retrieval")


def test_hit_rates_are_of_answers_whose_questions_know_their_passages(tmp_path):
    known, unknown = asked(100, {1: 0.5, 2: 0.2, 5: 0.1}), [sample(100 + k, stream=False) for k in range(20)]
    lost = [failed(120 + k) for k in range(5)]
    found = retrieval("alpha", "retrieval", measured(tmp_path, [*known, *unknown, *lost]), 0.25)

    assert [h.share.value for h in found.hits] == pytest.approx([0.5, 0.7, 0.8])
    assert [h.share.n for h in found.hits] == [600] * 3
    assert (found.asked, found.answered) == (750, 720)
    assert found.error_share.value == pytest.approx(5 / 125)
    assert found.search_p95_ms.value == 4.0
    assert found.rerank_p95_ms == Unknown(RerankUntold(), 0, 6)


def test_without_known_passages_there_is_no_hit_rate(tmp_path):
    found = retrieval("alpha", "retrieval", measured(tmp_path, [sample(k, stream=False) for k in range(50)]), None)

    assert {h.share for h in found.hits} == {Unknown(NoKnownPassages(), 0, 6)}
    assert found.promise is None


def test_its_own_p95_is_judged(tmp_path):
    runs = measured(tmp_path, asked(200, {1: 1.0}))

    assert retrieval("alpha", "retrieval", runs, 0.25).promise.judgement is Judgement.PASS
    assert retrieval("alpha", "retrieval", runs, 0.01).promise.judgement is Judgement.FAIL


def test_its_roles_are_its_own():
    assert role_of("poisson", Asks.RETRIEVAL) is Role.RETRIEVAL
    assert role_of("capacity", Asks.RETRIEVAL) is Role.RETRIEVAL_CAPACITY
    assert role_of("capacity") is Role.CAPACITY


def test_the_most_at_once_is_that_of_the_highest_kept_step(tmp_path):
    def step(phase: str, rate: float, kept: bool) -> dict:
        verdict = "kept" if kept else "broken"
        return {"phase": phase, "rate": rate, "p95_s": 0.1, "offered": 6, "kept": kept, "verdict": verdict, "why": ""}

    said = {
        "kind": "capacity",
        "method": "posterior of graded steps",
        "steps": [step("step-01", 5.0, True), step("step-02", 10.0, True), step("step-03", 20.0, False)],
        "ended": "done",
        "promise": {"p95_s": 1.0, "ttft_p95_s": None, "error_rate": 0.01},
        "precision": 1.25,
        "least_rate": 0.1,
        "most_rate": 40.0,
        "step_s": 2,
    }
    apart = [sample(k, phase="step-01", response_s=0.5) for k in range(6)]
    three = [sample(6 + k, phase="step-02", scheduled_s=10 + k * 0.1, response_s=0.25) for k in range(6)]
    many = [sample(12 + k, phase="step-03", scheduled_s=20 + k * 0.01, response_s=5.0) for k in range(6)]
    pilot = Pilot(tmp_path, tracks={"capacity": {n: ([*apart, *three, *many], said) for n in ("alpha", "beta")}})
    _, plan, store = pilot.write()
    found = store_limit("alpha", load(store, plan).of("alpha", "capacity"))

    assert found.in_flight == 3
    assert isinstance(found.found.per_s, Estimate | Unknown)
