"""Placement as a report shows it: one row a workload, both targets beside each other, and the bill's share of each."""

import json

import pytest

from harness import pipeline
from harness.domain.reason import labelled
from harness.domain.reasons.place import CheaperThere
from harness.report.placed_bills import bill_share
from harness.words import said
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot
from tests.decision.test_alternatives import decided

DECLARED = """
[workloads.chat]
kind = "request"
waited_for = true
measured_by = "steady"
[workloads.search]
kind = "request"
title = "Search of passages"
waited_for = false
measured_by = "steady"
per_month = 100_000
slo = { response_p95_s = 0.001, usd_per_thousand = 900 }
[workloads.ingestion]
kind = "job"
waited_for = false
duration_s = 1200
slo = { done_within_s = 900, lost = 0 }
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Alpha is two Fargate tasks, beta a Lambda function."""
    workspace, _ = decided(tmp_path_factory.mktemp("placed"))
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text() + DECLARED)
    workspace = open_workspace(workspace.root)
    return pipeline.decide(workspace, effort=LIGHT)


@pytest.fixture(scope="module")
def tables(outcome):
    return pipeline.report_tables(outcome.workspace, outcome)


def test_every_workload_has_a_row_and_those_that_nobody_measured_say_the_command(tables):
    rows = {row[0].text: [cell.text for cell in row] for row in tables["placement"].rows}

    assert list(rows) == ["chat", "Search of passages", "ingestion"]
    assert rows["ingestion"][1] == "not measured"
    assert "measured_by of [workloads.ingestion], then pilot plan --seal and pilot run" in rows["ingestion"][2]
    assert rows["ingestion"][4] == "not measured"


def test_a_declared_duration_is_held_to_the_functions_limit_and_said_to_be_declared(tables):
    [row] = [row for row in tables["placement"].rows if row[0].text == "ingestion"]

    assert "a job takes 20 min (declared, not measured), and Beta ends at 15 min" in row[2].text
    assert row[3].text == "p95 time to done: at most 15 min; lost jobs: at most 0"
    assert "What platforms allow: Lambda quotas" in tables["placement"].note
    assert row[5].text == "not measured; time 20 min (declared, not measured), limit 15 min"


def test_a_promise_of_its_own_is_judged_on_both_targets(tables):
    [row] = [row for row in tables["placement"].rows if row[0].text == "Search of passages"]

    assert row[1].text == "▲ neither, as they are"
    assert row[3].text == "p95 response time, steady: at most 1.00 ms"
    assert all("FAIL: " in cell.text for cell in row[4:6])
    cost = [r for r in tables["placement-promises"].rows if "cost of a thousand" in r[2].text]
    assert cost[0][3].text.startswith("● PASS")


def test_money_stands_beside_the_place_and_the_share_that_nobody_waits_for_is_told(tables, outcome):
    part = bill_share(outcome.placed, "alpha")

    assert (part.counted, part.workloads) == (2, 3)
    assert part.share == pytest.approx(part.background_usd / part.whole_usd)
    assert 0 < part.share < 1
    assert f"{part.share * 100:.0f} % on Alpha" in tables["placement-bills"].title
    assert tables["placement-bills"].rows[2][3].text == "not measured"
    assert tables["placement-bills"].rows[0][2].text == "2,000,000", "that of [traffic], which it has without its own"


def test_the_endpoints_month_is_the_one_that_cost_is_scored_at(outcome):
    for name in ("alpha", "beta"):
        assert outcome.placed[0].of(name).month_usd == outcome.findings.cost_of(name).per_month_usd


def test_the_decision_says_the_same_where_machines_read(outcome):
    found = json.loads(json.dumps(outcome.as_json(), default=str))["placement"]

    assert [one["workload"] for one in found] == ["chat", "search", "ingestion"]
    assert found[2]["place"] == "not measured"
    assert found[2]["targets"]["alpha"]["measured"] is None
    assert found[0]["targets"]["beta"]["measured"]["runtime_usd_per_month"]["value"] > 0
    assert found[2]["reason_kinds"] == ["not_measured_yet", "too_long"]


def test_a_pilot_that_declares_none_says_how_to(tmp_path):
    workspace, _, _ = Pilot(tmp_path).write()
    _, page = pipeline.report(workspace, tmp_path / "r", effort=LIGHT)
    text = page.with_suffix(".md").read_text()

    assert "other workloads than the endpoint (`[workloads.NAME]`)" in text
    assert "the endpoint" in text


def test_the_one_that_is_dearer_is_named_by_its_title_too():
    reason = CheaperThere("alpha", 1.0, 2.0, "beta", 5.0, 4.0)

    assert "beta" not in said(labelled(reason, {"alpha": "Fleet", "beta": "Function"}))
