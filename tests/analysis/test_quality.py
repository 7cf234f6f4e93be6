"""Quality under load, from samples to verdict: a fallback is seen, counted, and wins nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from harness.analysis import throttling
from harness.analysis.dataset import load
from harness.analysis.quality import quality
from harness.analysis.slo import verdict
from harness.analysis.usual import ToldBy
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reasons.absence import NoQuality
from harness.domain.reasons.verdict import QualityUntold
from harness.domain.verdict import Judgement, Slo
from tests.builders import Pilot, failed, sample

PROMISE = Slo("full-quality answers", "full_quality_share", 0.9, "share", at_least=True)
LIMITS = (2.0, 1.0)
TOLD = {"model": "big-1", "degraded": False, "cached": False}


def burst(n: int, fallback: float, fallback_s: float = 0.1, refused: float = 0.0, **told) -> list:
    """A burst that a share of is answered by a small model, fast, or refused."""
    out = []
    for k in range(n):
        if k % 100 < fallback * 100:
            out.append(sample(k, response_s=fallback_s, scheduled_s=k * 0.05, **{"model": "small-1", **told}))
        elif k % 100 >= (1 - refused) * 100:
            out.append(failed(k, scheduled_s=k * 0.05))
        else:
            out.append(sample(k, response_s=0.5, scheduled_s=k * 0.05, **{"model": "big-1", **told}))
    return out


class Quality(Pilot):
    """Everyday answers by the target's own model, but for what a test changes."""

    told: ClassVar[dict] = {}

    def _samples(self, run):
        return [s if s.outcome != "ok" else _with(s, self.told) for s in super()._samples(run)]


def _with(one, changes):
    for name, value in {"model": "big-1", **changes}.items():
        setattr(one, name, value)
    return one


def measured(tmp_path, **bursts):
    pilot = Quality(tmp_path, burst=bursts)
    _, plan, store = pilot.write()
    return load(store, plan)


def test_a_service_that_falls_back_to_a_small_model_no_longer_wins_goodput(tmp_path):
    honest, falling = burst(300, fallback=0, refused=0.3), burst(300, fallback=0.6)
    data = measured(tmp_path, alpha=honest, beta=falling)
    good = {n: throttling.funnel(n, "burst", data.of(n, "burst"), *LIMITS) for n in ("alpha", "beta")}
    assert good["beta"].answered > good["alpha"].answered  # it answers everything, and faster
    assert good["beta"].admitted_p95_s <= good["alpha"].admitted_p95_s
    assert good["alpha"].good == 6 * 210
    assert good["beta"].good == 6 * 120


def test_failed_and_degraded_answers_both_break_full_quality(tmp_path):
    data = measured(tmp_path, alpha=burst(300, fallback=0.04, refused=0.1), beta=burst(300, fallback=0.02))
    half = verdict("alpha", "burst", PROMISE, data.of("alpha", "burst"))
    assert isinstance(half.estimate, Estimate)
    assert half.estimate.value == pytest.approx(0.86)
    assert half.judgement is Judgement.FAIL
    assert verdict("beta", "burst", PROMISE, data.of("beta", "burst")).judgement is Judgement.PASS


def test_the_usual_model_is_the_own_one_where_nobody_declares_any(tmp_path):
    data = measured(tmp_path, alpha=burst(100, fallback=0.3), beta=burst(100, fallback=0))
    runs = data.of("alpha", "burst")
    told = quality("alpha", "burst", runs)
    assert told.own.model == "big-1"
    assert told.own.told_by is ToldBy.USUAL
    assert told.degraded.value == pytest.approx(0.3)
    assert told.degraded.low < 0.3 < told.degraded.high
    assert told.models == (("big-1", 420), ("small-1", 180))


def test_what_the_answer_says_of_itself_wins_over_its_models_name(tmp_path):
    routed = burst(100, fallback=0.3, degraded=False)  # a router by design: small is full for easy questions
    data = measured(tmp_path, alpha=routed, beta=burst(100, fallback=0, degraded=True))
    assert not any(run.degraded.any() for run in data.of("alpha", "burst"))
    assert all(run.degraded[run.ok].all() for run in data.of("beta", "burst"))


def test_answers_that_name_no_model_are_not_known_never_full(tmp_path):
    pilot = Quality(tmp_path, burst={n: burst(100, fallback=0, model=None) for n in ("alpha", "beta")})
    pilot.told = {"model": None}
    _, plan, store = pilot.write()
    runs = load(store, plan).of("alpha", "burst")
    assert quality("alpha", "burst", runs).degraded == Unknown(NoQuality(), 0, 6)
    found = verdict("alpha", "burst", PROMISE, runs)
    assert found.judgement is Judgement.INCONCLUSIVE
    assert found.reason == NoQuality()


def test_too_many_failures_break_the_promise_even_where_no_answer_tells(tmp_path):
    pilot = Quality(tmp_path, burst={n: burst(300, fallback=0, refused=0.5, model=None) for n in ("alpha", "beta")})
    pilot.told = {"model": None}
    _, plan, store = pilot.write()
    assert verdict("alpha", "burst", PROMISE, load(store, plan).of("alpha", "burst")).judgement is Judgement.FAIL


def test_a_promise_is_open_where_the_untold_answers_decide(tmp_path):
    some = [replace(s, model=None) if k % 3 == 0 else s for k, s in enumerate(burst(300, fallback=0))]
    data = measured(tmp_path, alpha=some, beta=some)
    found = verdict("alpha", "burst", PROMISE, data.of("alpha", "burst"))
    assert found.judgement is Judgement.INCONCLUSIVE
    assert isinstance(found.reason, QualityUntold)
    assert found.estimate.low < 0.7 < found.estimate.high


def test_an_answer_below_its_citations_is_degraded(tmp_path):
    def asked(n: int, few: int) -> list:
        return [
            sample(k, question_id=f"q{k % 5}", citations="a" if k < few else "a b", model="big-1") for k in range(n)
        ]

    class Cited(Quality):
        def _samples(self, run):
            return asked(50, 0)

    pilot = Cited(tmp_path, burst={"alpha": asked(50, 10), "beta": asked(50, 0)})
    _, plan, store = pilot.write()
    data = load(store, plan)
    assert [int(run.degraded.sum()) for run in data.of("alpha", "burst")] == [10] * 6
    assert not any(run.degraded.any() for run in data.of("beta", "burst"))


def test_citations_that_vary_by_themselves_degrade_nothing(tmp_path):
    def asked(seed: int) -> list:
        rng = np.random.default_rng(seed)
        return [
            sample(k, question_id=f"q{k % 5}", citations=" ".join("abc"[: rng.integers(1, 4)]), model="big-1")
            for k in range(50)
        ]

    class Varied(Quality):
        def _samples(self, run):
            return asked(run.block)

    _, plan, store = Varied(tmp_path, burst={"alpha": asked(99), "beta": asked(98)}).write()
    assert not any(run.degraded.any() for run in load(store, plan).of("alpha", "burst"))


def test_the_evaluation_sets_share_counts_failures_as_not_passed(tmp_path):
    def asked(passed: int, wrong: int, lost: int) -> list:
        rows = [sample(k, evaluated=True, passed=True) for k in range(passed)]
        rows += [
            sample(passed + k, evaluated=True, passed=False, missed="say 1", question_id="e1") for k in range(wrong)
        ]
        rows += [failed(passed + wrong + k, evaluated=True) for k in range(lost)]
        return [*rows, *(sample(10 + k) for k in range(50))]

    data = measured(tmp_path, alpha=asked(8, 1, 1), beta=asked(10, 0, 0))
    runs = data.of("alpha", "burst")
    told = quality("alpha", "burst", runs)
    assert told.asked == 60
    assert told.passed.value == pytest.approx(0.8)
    assert told.missed == (("e1", "say 1", 6),)
    assert quality("beta", "burst", data.of("beta", "burst")).passed.value == 1
