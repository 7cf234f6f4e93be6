"""The hybrid's price, where each workload belongs, and the migration plan: one fleet, one function that is billed by use."""

import re
from dataclasses import replace

import pytest

from harness import pipeline
from harness.analysis.coldstarts import Penalty
from harness.campaign.progress import Progress
from harness.collect.collect import collect
from harness.decision.hybrid import overflow_share
from harness.decision.placement import placement
from harness.decision.rule import hybrid_gate
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reasons.choice import Place
from harness.domain.verdict import Judgement
from harness.words import said
from harness.workspace import open_workspace
from tests.campaign.clouds import Cloud, CloudPilot, later
from tests.report.test_experiments import both, probes, search


def decided(folder, tracks=None, refused=None, week=""):
    """Alpha is two Fargate tasks, beta a Lambda function; billed durations are collected."""
    pilot = CloudPilot(folder, per_run=60, tracks=tracks or {}, refused=refused or {})
    workspace, plan, store = pilot.write()
    cloud = Cloud(store)
    with Progress(quiet=True) as progress:
        collect(workspace, plan, store, progress, lambda: later(20), cloud.make, cloud.make_bills)
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text().replace("peak_per_s = 10", f"peak_per_s = 10\n{week}"))
    workspace = open_workspace(workspace.root)
    return workspace, pipeline.decide(workspace)


def test_a_hybrid_is_the_fleet_and_what_goes_beyond_it_on_the_function(tmp_path):
    """It sustains about 6.2/s, is planned at 70 % of that, and the peak is 10/s: more than half goes beyond."""
    workspace, outcome = decided(tmp_path, {"capacity": both(search(6.0, 6.66))})
    [found] = outcome.findings.hybrids
    carried = next(c.per_s for c in outcome.findings.capacities if c.target == "alpha")
    share = overflow_share(workspace.traffic(), carried.value * 0.7)
    function = outcome.findings.cost_of("beta")

    assert share == pytest.approx(1 - 0.7 * carried.value / 10, abs=1e-5)
    assert 5.0 < carried.low < carried.high < 7.5
    assert isinstance(found, Estimate)
    tasks = 2 * 730 * (0.04048 + 2 * 0.004445 + 0.005) + 22.265  # two are declared, and carry their part
    logs = 0.20 * 2 * (1 - share)
    assert found.value == pytest.approx(tasks + logs + share * function.per_month_usd.value, rel=0.02)
    assert found.low < found.value < found.high
    assert f"{share * 100:.0f} % of the traffic on the function" in found.method
    assert "hybrid" in outcome.decision.scoring.order


def test_without_a_measured_capacity_a_hybrid_has_no_price_and_no_score(tmp_path):
    _, outcome = decided(tmp_path)

    assert isinstance(outcome.findings.hybrids[0], Unknown)
    assert set(outcome.decision.scoring.order) == {"baseline", "candidate"}


def test_a_week_with_quiet_nights_sends_less_beyond_the_fleet_in_hours_but_not_in_its_peak(tmp_path):
    night = "week = [" + ", ".join(["0.1"] * 12 + ["1.0"] * 12) + "]"
    workspace, _ = decided(tmp_path, {"capacity": both(search(6.0, 6.66))}, week=night)

    # by day 10/s against 4.42, by night 1/s against 4.42: (12 x 5.58) of (12 x 11)
    assert overflow_share(workspace.traffic(), 4.42) == pytest.approx(5.58 / 11, rel=1e-3)


def places(workspace, outcome):
    return {p.workload: p for p in placement(workspace, outcome.findings, outcome.decision.gates)}


def test_what_nobody_waits_for_can_stay_serverless_whatever_was_measured(tmp_path):
    found = places(*decided(tmp_path))

    for name in ("ingestion", "embedding", "evaluation", "orchestration", "webhooks"):
        assert found[name].place is Place.SERVERLESS
        assert "nobody waits for it" in said(found[name].reason)
    assert "too few were probed" in said(found["chat"].reason)


def test_a_function_that_fails_under_load_means_always_warm_with_that_reason(tmp_path):
    found = places(*decided(tmp_path, refused={"beta": 0.3}))

    assert found["chat"].place is Place.WARM
    assert "the answers of beta fail" in said(found["chat"].reason)


def test_two_probes_do_not_say_what_a_cold_start_costs(tmp_path):
    chat = places(*decided(tmp_path, {"coldstart": both(probes(cold=True))}))["chat"]

    assert chat.place is Place.OPEN
    assert "too few were probed" in said(chat.reason)


def with_penalty(outcome, target, seconds):
    """The same findings, had eight idle probes found this penalty."""
    known = Estimate(seconds, seconds * 0.9, seconds * 1.1, 0.95, 8, 4, "made up")
    cold = replace(outcome.findings.cold, penalties=(Penalty(target, "idle", 8, 8, 0, 0, known, (), ()),))
    return replace(outcome, findings=replace(outcome.findings, cold=cold))


def test_a_cold_start_that_keeps_the_promise_lets_the_chat_stay_serverless(tmp_path):
    workspace, outcome = decided(tmp_path)
    chat = places(workspace, with_penalty(outcome, "beta", 0.2))["chat"]

    assert chat.place is Place.SERVERLESS
    assert "even a cold one keeps the promise" in said(chat.reason)


def test_a_cold_start_that_breaks_it_as_often_as_anybody_knows_means_always_warm(tmp_path):
    workspace, outcome = decided(tmp_path)
    chat = places(workspace, with_penalty(outcome, "beta", 9.0))["chat"]

    assert chat.place is Place.WARM
    assert "a cold answer of beta begins after" in said(chat.reason)


def test_a_fleet_that_starts_slowly_says_nothing_of_where_serverless_fits(tmp_path):
    workspace, outcome = decided(tmp_path)

    assert places(workspace, with_penalty(outcome, "alpha", 60.0))["chat"].place is Place.OPEN


def test_a_hybrid_beyond_the_ceiling_fails_its_gate_by_that_promise(tmp_path):
    workspace, outcome = decided(tmp_path, {"capacity": both(search(6.0, 6.66))})
    path = workspace.root / "pilot.toml"
    path.write_text(re.sub(r"monthly_runtime_usd *= *\S+", "monthly_runtime_usd = 1", path.read_text()))
    workspace = open_workspace(workspace.root)
    made = hybrid_gate(workspace, outcome.findings)

    assert made.judgement is Judgement.FAIL
    assert [v.slo.metric for v in made.failed] == ["monthly_runtime_usd"]


def test_the_report_says_how_to_move_in_the_pilots_own_numbers(tmp_path):
    workspace, outcome = decided(tmp_path, {"capacity": both(search(6.0, 6.66))})
    _, page = pipeline.report(workspace, tmp_path / "r")
    text = page.with_suffix(".md").read_text()

    assert outcome.decision.choice.value == "candidate"
    assert "Deploy Beta beside Alpha" in text
    assert "its p95 stays above 2.00 s for 15 minutes" in text
    assert "concurrency at the expected peak of 10 a second" in text
