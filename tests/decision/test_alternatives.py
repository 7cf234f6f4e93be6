"""The hybrid's price, where each workload belongs, and the way over: one fleet, one function that is billed by use."""

import pytest

from harness import pipeline
from harness.campaign.collect import collect
from harness.campaign.progress import Progress
from harness.decision.hybrid import hybrid_cost, overflow_share
from harness.decision.placement import OPEN, SERVERLESS, WARM, placement
from harness.domain.estimate import Estimate, Unknown
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
    """It sustains 6.32/s (between 6 and 6.66), is planned at 70 % of that, and the peak is 10/s: 55.7 % goes beyond."""
    workspace, outcome = decided(tmp_path, {"capacity": both(search(6.0, 6.66))})
    found = hybrid_cost(workspace, outcome.findings)
    share = overflow_share(workspace, (6.0 * 6.66) ** 0.5 * 0.7)
    fleet, function = (outcome.findings.cost_of(name) for name in ("alpha", "beta"))

    assert share == pytest.approx(1 - 0.7 * (6.0 * 6.66) ** 0.5 / 10)
    assert isinstance(found, Estimate)
    expected = fleet.fixed_per_month_usd + share * function.per_month_usd.value
    assert found.value == pytest.approx(expected, rel=1e-6)
    assert found.low < found.value < found.high
    assert "56 % of the traffic on the function" in found.method
    assert "hybrid" in outcome.decision.scoring.order


def test_without_a_measured_capacity_a_hybrid_has_no_price_and_no_score(tmp_path):
    workspace, outcome = decided(tmp_path)

    assert isinstance(hybrid_cost(workspace, outcome.findings), Unknown)
    assert set(outcome.decision.scoring.order) == {"baseline", "candidate"}


def test_a_week_with_quiet_nights_sends_less_beyond_the_fleet_in_hours_but_not_in_its_peak(tmp_path):
    night = "week = [" + ", ".join(["0.1"] * 12 + ["1.0"] * 12) + "]"
    workspace, _ = decided(tmp_path, {"capacity": both(search(6.0, 6.66))}, week=night)

    # by day 10/s against 4.42, by night 1/s against 4.42: (12 x 5.58) of (12 x 11)
    assert overflow_share(workspace, 4.42) == pytest.approx(5.58 / 11, rel=1e-3)


def places(workspace, outcome):
    return {p.workload: p for p in placement(workspace, outcome.findings, outcome.decision.gates)}


def test_what_nobody_waits_for_can_stay_serverless_whatever_was_measured(tmp_path):
    found = places(*decided(tmp_path))

    for name in ("ingestion", "embedding", "evaluation", "orchestration", "webhooks"):
        assert found[name].place == SERVERLESS
        assert "nobody waits for it" in found[name].reason
    assert "too few were probed" in found["chat"].reason


def test_a_function_that_fails_under_load_means_always_warm_with_that_reason(tmp_path):
    found = places(*decided(tmp_path, refused={"beta": 0.3}))

    assert found["chat"].place == WARM
    assert "the answers of beta fail" in found["chat"].reason


def test_two_probes_do_not_say_what_a_cold_start_costs(tmp_path):
    chat = places(*decided(tmp_path, {"coldstart": both(probes(cold=True))}))["chat"]

    assert chat.place == OPEN
    assert "too few were probed" in chat.reason


def test_the_report_says_how_to_move_in_the_pilots_own_numbers(tmp_path):
    workspace, outcome = decided(tmp_path, {"capacity": both(search(6.0, 6.66))})
    _, page = pipeline.report(workspace, tmp_path / "r")
    text = page.with_suffix(".md").read_text()

    assert outcome.decision.choice.value == "candidate"
    assert "Deploy Beta beside Alpha" in text
    assert "its p95 stays above 2.00 s for 15 minutes" in text
    assert "concurrency at the expected peak of 10 a second" in text
