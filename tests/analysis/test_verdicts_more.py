"""p99, goodput, availability, warm-up, Holm and the A/A gate, against the reference's cases and closed forms."""

import math

import numpy as np
import pytest

from harness.analysis import availability, slo
from harness.analysis.aa import AaGate, aa_gate
from harness.analysis.compare import comparisons, corrected, holm
from harness.analysis.dataset import Dataset
from harness.analysis.warmup import mser5, warm_up
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reasons.verdict import WholeAbove, WholeBelow
from harness.domain.verdict import PRIMARY, Comparison, Judgement, Relation, Slo
from harness.words import said
from tests.analysis.fakes import run_of

LIMITS = (2.0, None)


def test_holm_as_the_reference_works_it():
    assert holm([0.01, 0.02, 0.03, 0.5]) == pytest.approx([0.04, 0.06, 0.06, 0.5])
    assert holm([]) == []


def test_mser_five_as_the_reference_works_it():
    assert mser5([10.0] * 50 + [1.0] * 950) == 50
    assert mser5([10.0] * 52 + [1.0] * 948) == 55
    spike = [1.0] * 1000
    spike[300] = 500.0
    assert mser5(spike) == 305, "why it is never used on raw latencies"


def warm(first_s, declared, seconds=120, stalls=((), ()), length_s=20):
    """Runs whose first seconds are slow, and each with stalls that begin at some seconds."""
    rng = np.random.default_rng(1)
    runs = []
    for begun in stalls:
        at = np.arange(seconds * 4) / 4
        slow = np.any([at < first_s, *((at >= b) & (at < b + length_s) for b in begun)], axis=0)
        times = np.where(slow, 3.0, 0.4) * np.exp(rng.normal(0, 0.05, len(at)))
        runs.append(run_of(times, scheduled_s=at, sent_s=at, finished_s=at + times))
    return warm_up("t", "steady", runs, declared)


def test_a_warm_up_that_was_long_enough_is_not_flagged_and_a_short_one_is():
    assert not warm(10, 10).too_short
    assert warm(40, 10).too_short
    assert warm(40, 10).wanted_s == pytest.approx(40, abs=5)
    assert warm(0, 0, seconds=20).wanted_s is None, "too short to tell"


def test_stalls_at_different_times_are_no_warm_up_and_one_run_alone_cannot_tell():
    assert warm(0, 0, stalls=[(20,), (40,), (0,), ()]).wanted_s <= 5
    assert warm(0, 0, stalls=[(20,), ()]).wanted_s <= 5
    assert warm(0, 0, stalls=[(20,)]).wanted_s is None
    assert warm(25, 10, stalls=[(60,), (45,), ()]).wanted_s == pytest.approx(25, abs=5)


def verdict(metric, limit, runs, *, at_least=False, unit="share"):
    return slo.verdict("t", "steady", Slo(metric, metric, limit, unit, at_least), runs, LIMITS)


def runs(k=6, n=400, late=0.0, failed=0.0, median=0.4):
    rng = np.random.default_rng([k, n])
    out = []
    for block in range(k):
        times = median * np.exp(rng.normal(0, 0.3, n))
        times = np.where(rng.random(n) < late, 5.0, times)
        out.append(run_of(np.where(rng.random(n) < failed, math.inf, times), block=block))
    return out


def test_a_p99_that_n_cannot_certify_says_so():
    few = verdict("p99_s", 5.0, runs(k=6, n=40), unit="s")
    enough = verdict("p99_s", 5.0, runs(k=6, n=600), unit="s")

    assert few.judgement is Judgement.INCONCLUSIVE
    assert few.estimate.high is None
    assert "too few" in said(few.estimate.why_open)
    assert enough.judgement is Judgement.PASS


def test_a_p99_that_failures_make_infinite_fails_by_its_share():
    found = verdict("p99_s", 5.0, runs(failed=0.03), unit="s")

    assert found.judgement is Judgement.FAIL
    assert said(found.reason).endswith("1 % allowed: shown to be more")


def test_goodput_is_over_offered_so_late_and_failed_count_alike():
    found = verdict("goodput", 0.85, runs(late=0.04, failed=0.04), at_least=True)

    assert found.judgement is Judgement.PASS
    assert found.estimate.value == pytest.approx(0.92, abs=0.015)
    assert found.estimate.low < found.estimate.value < found.estimate.high
    assert verdict("goodput", 0.97, runs(late=0.04, failed=0.04), at_least=True).judgement is Judgement.FAIL


def test_the_poisson_limits_of_incidents_as_the_reference_has_them():
    limits = [availability.most_incidents(k, 14) * 14 for k in range(4)]

    assert limits == pytest.approx([2.996, 4.744, 6.296, 7.754], abs=1e-3)
    assert availability.most_incidents(0, 14) * 30 == pytest.approx(6.4, abs=0.05)


def outage(start, seconds, n=600):
    times = np.full(n, 0.4)
    times[start : start + seconds] = math.inf
    return run_of(times)


def test_two_weeks_cannot_show_availability_but_can_show_against_it():
    clean = verdict("availability", 0.999, [outage(0, 0)] * 6, at_least=True)
    once = verdict("availability", 0.999, [outage(100, 90), *[outage(0, 0)] * 5], at_least=True)
    down = verdict("availability", 0.999, [*[outage(100, 90)] * 3, *[outage(0, 0)] * 3], at_least=True)

    assert clean.judgement is Judgement.INCONCLUSIVE
    assert said(clean.reason).startswith("no evidence against it: no incidents in 1.0 h of load")
    assert "cannot show 99.9 %" in said(clean.reason)
    assert down.judgement is Judgement.FAIL
    assert "3 incidents in" in said(down.reason)
    assert once.judgement is Judgement.INCONCLUSIVE, "one event has no rate"
    assert said(once.reason).startswith("some evidence against it: 1 incident in")


def test_short_failures_are_errors_and_no_incident():
    assert availability.incidents([outage(100, 20)]) == []
    assert availability.incidents([outage(100, 60)]) == [60.0]
    assert availability.incidents([outage(550, 50)]) == [49.0], "one that the run's end cut short"


def pair(ratio=1.0, cold=(0.0, 0.0), k=8, n=400, seed=0, late=3.0):
    rng = np.random.default_rng(seed)
    weather = rng.normal(0, 0.05, k)
    out = []
    for scale, share in ((ratio, cold[0]), (1.0, cold[1])):
        made = []
        for b in range(k):
            flags = rng.random(n) < share
            times = scale * 0.4 * np.exp(weather[b] + rng.normal(0, 0.3, n)) + np.where(flags, late, 0)
            made.append(run_of(times, block=b, cold=np.array(flags.tolist(), dtype=object)))
        out.append(made)
    return out


def dataset(baseline, candidate, aa=()):
    runs = [*baseline, *candidate]
    return Dataset("alpha", "beta", ("steady",), tuple(runs), 6, tuple(range(6)), (), (), tuple(aa))


def named(made, target):
    return [run_of(r.response_s, block=r.block, target=target) for r in made]


def test_an_exploratory_difference_must_survive_holms_correction():
    candidate, baseline = pair(1.03, k=6, n=150, seed=3)
    data = dataset(named(baseline, "alpha"), named(candidate, "beta"))
    made = {c.metric: c for c in comparisons(data, ["steady"], 1.001, (60, None))}

    assert made["ttft_p95_s"].exploratory
    assert not made["p95_s"].exploratory
    assert not made["overhead_p95_s"].exploratory
    assert made["ttft_p95_s"].p_value is not None


def test_the_same_target_twice_passes_the_gate_and_a_biased_harness_does_not():
    same = list(zip(*(named(x, "alpha") for x in pair(1.0, k=8)), strict=True))
    slow = list(zip(*(named(x, "alpha") for x in reversed(pair(1.5, k=8))), strict=True))

    assert aa_gate(dataset([], [], same), 1.1, (60, None)).biased == ()
    assert {c.metric for c in aa_gate(dataset([], [], slow), 1.1, (60, None)).biased} >= {"p95_s"}
    assert aa_gate(dataset([], []), 1.1, (60, None)) is None


@pytest.mark.parametrize(("p_values", "biased"), [((0.03, 0.5), 0), ((0.02, 0.5), 1), ((0.02, 0.04), 2)])
def test_differences_are_held_to_holms_correction_over_their_family(p_values, biased):
    why = WholeBelow()
    made = [
        Comparison("A/A", metric, Relation.BETTER, Estimate(0.94, 0.89, 0.99, 0.95, 300, 6, ""), 1.1, why, p_value=p)
        for metric, p in zip(PRIMARY, p_values, strict=True)
    ]
    found = corrected(made, 0.05)

    assert sum(c.relation is Relation.BETTER for c in found) == biased
    assert all(c.family == 2 for c in found)


def test_profiles_and_metrics_are_one_family():
    made = [
        Comparison(
            profile, metric, Relation.WORSE, Estimate(1.2, 1.1, 1.3, 0.95, 300, 6, ""), 1.1, WholeAbove(), p_value=0.02
        )
        for profile in ("steady", "burst")
        for metric in ("p95_s", "ttft_p95_s", "overhead_p95_s")
    ]
    found = corrected(made, 0.05)

    assert [c.family for c in found] == [4, 2, 4, 4, 2, 4]
    assert [c.relation is Relation.WORSE for c in found] == [False, True, False, False, True, False]


def test_the_a_a_run_says_which_bias_it_would_have_noticed():
    few = aa_gate(
        dataset([], [], list(zip(*(named(x, "alpha") for x in pair(1.0, k=6)), strict=True))), 1.1, (60, None)
    )
    many = aa_gate(
        dataset([], [], list(zip(*(named(x, "alpha") for x in pair(1.0, k=20)), strict=True))), 1.1, (60, None)
    )

    assert 1 < many.noticed("p95_s") < few.noticed("p95_s") < 1.5
    assert AaGate("alpha", 5, few.comparisons).noticed("p95_s") is None


def test_a_metric_that_nobody_knows_is_not_known():
    assert isinstance(slo.measured("apdex", runs()), Unknown)
