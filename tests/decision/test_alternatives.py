"""The hybrid's price, where the endpoint belongs, and the migration plan: one fleet, one function that is billed by use."""

import re
from dataclasses import replace

import pytest

from harness import pipeline
from harness.analysis.coldstarts import Penalty
from harness.campaign.progress import Progress
from harness.collect.collect import collect
from harness.decision.rule import hybrid_gate
from harness.decision.side import Fit
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reasons.place import Place
from harness.domain.verdict import Judgement
from harness.predict.loads import month_of
from harness.predict.parted import share_beyond
from harness.words import said
from harness.workspace import open_workspace
from tests.builders import LIGHT
from tests.campaign.clouds import Cloud, CloudPilot, later
from tests.report.test_experiments import both, gaps, probes, search

QUIET = '[workloads.chat]\nkind = "request"\nwaited_for = true\nmeasured_by = "steady"\nper_month = 3_000\n'


def collected(folder, tracks=None, refused=None, week="", error_rate=0.02, kind=CloudPilot, per_run=60):
    """Alpha is two Fargate tasks, beta a Lambda function; billed durations are collected."""
    pilot = kind(folder, per_run=per_run, tracks=tracks or {}, refused=refused or {})
    workspace, plan, store = pilot.write()
    cloud = Cloud(store)
    with Progress(quiet=True) as progress:
        collect(workspace, plan, store, progress, lambda: later(20), cloud.make, cloud.make_bills)
    path = workspace.root / "pilot.toml"
    text = path.read_text().replace("peak_per_s = 10", f"peak_per_s = 10\n{week}")
    path.write_text(text.replace("error_rate = 0.02", f"error_rate = {error_rate}"))
    return open_workspace(workspace.root)


def decided(folder, *told, **changes):
    workspace = collected(folder, *told, **changes)
    return workspace, pipeline.decide(workspace, effort=LIGHT)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Of which the capacity is known; whoever changes its pilot.toml puts it back."""
    return decided(tmp_path_factory.mktemp("searched"), {"capacity": both(search(6.0, 6.66))})


def test_a_hybrid_is_the_fleet_and_what_goes_beyond_it_on_the_function(searched):
    """It sustains about 6.2/s, is planned at 70 % of that, and the peak is 10/s: more than half goes beyond."""
    workspace, outcome = searched
    [found] = outcome.findings.hybrids
    carried = next(c.per_s for c in outcome.findings.capacities if c.target == "alpha")
    share = share_beyond(month_of(workspace), carried.value * 0.7)
    function = outcome.findings.cost_of("beta")

    assert share == pytest.approx(1 - 0.7 * carried.value / 10, abs=1e-5)
    assert 5.0 < carried.low < carried.high < 7.5
    assert isinstance(found, Estimate)
    tasks = 2 * 730 * (0.04048 + 2 * 0.004445 + 0.005) + 22.265 + 7.30  # two are declared, and carry their part
    logs = 0.20 * 2 * (1 - share)
    assert found.value == pytest.approx(tasks + logs + share * function.per_month_usd.value, rel=0.02)
    assert found.low < found.value < found.high
    assert f"{share * 100:.0f} % of the traffic on the function" in found.method
    assert "hybrid" in outcome.decision.scoring.order


def test_without_a_measured_capacity_a_hybrid_has_no_price_and_no_score(plain):
    assert isinstance(plain.findings.hybrids[0], Unknown)
    assert set(plain.decision.scoring.order) == {"baseline", "candidate"}


def test_a_week_with_quiet_nights_sends_less_beyond_the_fleet_in_hours_but_not_in_its_peak(tmp_path):
    night = "week = [" + ", ".join(["0.1"] * 12 + ["1.0"] * 12) + "]"
    workspace = collected(tmp_path, week=night)

    # by day 10/s against 4.42, by night 1/s against 4.42: (12 x 5.58) of (12 x 11)
    assert share_beyond(month_of(workspace), 4.42) == pytest.approx(5.58 / 11, rel=1e-3)


def chat(outcome):
    """The endpoint itself: nothing else is declared."""
    [found] = outcome.placed
    return found


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Both keep every promise that 360 requests can settle."""
    return decided(tmp_path_factory.mktemp("plain"), error_rate=0.05)[1]


def test_a_pilot_that_declares_no_workload_places_the_endpoint_that_it_measured(plain):
    assert chat(plain).workload.name == "endpoint"
    assert [side.target for side in chat(plain).sides] == ["alpha", "beta"]
    assert [side.serverless for side in chat(plain).sides] == [False, True]


def test_a_function_that_fails_under_load_leaves_the_container_with_that_reason(tmp_path):
    _, outcome = decided(tmp_path, refused={"beta": 0.3}, error_rate=0.05)
    found = chat(outcome)

    assert found.place is Place.CONTAINER
    assert "beta fails" in said(found.reasons[0])


def with_penalty(outcome, target, seconds):
    """The same findings, had eight idle probes found this penalty."""
    known = Estimate(seconds, seconds * 0.9, seconds * 1.1, 0.95, 8, 4, "made up")
    cold = replace(outcome.findings.cold, penalties=(Penalty(target, "idle", 8, 8, 0, 0, known, (), ()),))
    return replace(outcome, findings=replace(outcome.findings, cold=cold))


def test_cold_starts_that_its_volume_makes_rare_let_it_stay_serverless_where_that_is_cheaper(plain):
    """Two million a month keep an instance warm, whatever a start would cost."""
    found = chat(with_penalty(plain, "beta", 9.0))

    assert found.place is Place.SERVERLESS
    assert (found.reasons[0].kind, found.of("beta").why.how.kind) == ("cheaper_there", "cold_rare")


def test_at_a_volume_where_many_would_meet_a_start_that_nobody_timed_it_is_not_decided(plain):
    path = plain.workspace.root / "pilot.toml"
    text = path.read_text()
    path.write_text(text + QUIET)
    workspace = open_workspace(plain.workspace.root)
    path.write_text(text)
    found = chat(replace(plain, workspace=workspace))

    assert found.place is Place.OPEN
    assert "whether cold starts of beta break its promise: can't tell" in said(found.of("beta").why)


def test_a_volume_beyond_what_was_seen_to_be_carried_is_not_decided_by_what_was_measured(plain):
    path = plain.workspace.root / "pilot.toml"
    text = path.read_text()
    path.write_text(text + QUIET.replace("3_000", "2_000_000_000"))
    workspace = open_workspace(plain.workspace.root)
    path.write_text(text)
    found = chat(replace(plain, workspace=workspace))

    assert found.place is Place.OPEN
    assert "at its volume, on alpha: can't tell: 761/s on average is more than 4 times" in said(found.of("alpha").why)


def slow(rows):
    """The probes' own truth: a cold start takes six seconds."""
    samples, record = rows
    for one in samples:
        if one.cold:
            one.finished_s += 6.0
            one.first_token_s += 6.0
    return samples, record


class OneAtATime(CloudPilot):
    """A request every other second, so that one warm instance answers them all."""

    def _samples(self, run):
        made = super()._samples(run)
        for k, one in enumerate(made):
            one.instance_id, one.instance_requests = "i", k + 2
            for name in ("scheduled_s", "sent_s", "headers_s", "first_token_s", "last_token_s", "finished_s"):
                setattr(one, name, getattr(one, name) + k * 1.95)
        return made


@pytest.mark.slow
def test_measured_cold_starts_that_break_a_persons_promise_at_its_volume_mean_always_warm(tmp_path):
    """Three thousand a month come a quarter of an hour apart, an instance is kept for about twenty seconds, a start takes six."""
    tracks = {
        "coldstart": both(slow(probes(cold=True))),
        "keepalive": both(gaps([False, False, False, True, True, True])),
    }
    workspace, outcome = decided(tmp_path, tracks, kind=OneAtATime, per_run=20)
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text() + QUIET + "slo = { response_p95_s = 2.0 }\n")
    found = chat(replace(outcome, workspace=open_workspace(workspace.root)))

    assert found.place is Place.WARM, [said(side.why) for side in found.sides]
    assert found.reasons[0].kind == "cold_breaks"
    assert found.reasons[0].share > 0.9
    assert "meet a cold start of beta, and its p95 is at least" in said(found.reasons[0])


def test_a_fleet_that_starts_slowly_is_never_cold_for_its_traffic(plain):
    assert chat(with_penalty(plain, "alpha", 60.0)).of("alpha").fit is Fit.KEEPS


def test_a_hybrid_beyond_the_ceiling_fails_its_gate_by_that_promise(searched):
    workspace, outcome = searched
    path = workspace.root / "pilot.toml"
    text = path.read_text()
    path.write_text(re.sub(r"monthly_runtime_usd *= *\S+", "monthly_runtime_usd = 1", text))
    workspace = open_workspace(workspace.root)
    path.write_text(text)
    made = hybrid_gate(workspace, outcome.findings)

    assert made.judgement is Judgement.FAIL
    assert [v.slo.metric for v in made.failed] == ["monthly_runtime_usd"]


def test_the_report_says_how_to_move_in_the_pilots_own_numbers(searched, tmp_path):
    workspace, _ = searched
    outcome, page = pipeline.report(workspace, tmp_path / "r", effort=LIGHT)
    text = page.with_suffix(".md").read_text()

    assert outcome.decision.choice.value == "candidate"
    assert "Deploy Beta beside Alpha" in text
    assert "its p95 stays above 2.00 s for 15 minutes" in text
    assert "concurrency at the expected peak of 10 a second" in text


def test_a_function_that_costs_nothing_leaves_a_hybrid_the_fleets_cost(searched):
    workspace, outcome = searched
    path = workspace.root / "targets" / "beta" / "target.toml"
    before = path.read_text()
    nothing = '{ usd = 0, source = "our own platform" }'
    free = f'[prices]\nmodel = "custom"\n[prices.parameters]\nper_million_requests = {nothing}\n'
    path.write_text(re.sub(r"\[prices\](\n[^\[]*)", free, before))
    try:
        found = pipeline.decide(open_workspace(workspace.root), effort=LIGHT).findings
    finally:
        path.write_text(before)

    assert found.cost_of("beta").per_month_usd.value == 0
    assert 0 < found.hybrids[0].value < outcome.findings.hybrids[0].value
    assert found.hybrids[0].low <= found.hybrids[0].value <= found.hybrids[0].high
