"""Ceilings of the expected month and of the first ones, and the team's own lines in what is held to them."""

import re
from decimal import Decimal

import pytest

from harness import pipeline
from harness.domain.bill import CostLayer
from harness.domain.reasons.doubt import PartsUnpriced
from harness.domain.verdict import Judgement
from harness.report.costs import bill_lines
from harness.workspace import open_workspace
from tests.builders import LIGHT
from tests.decision.test_alternatives import collected, decided
from tests.report.test_experiments import both, search

OWN = """
[costs.database]
usd_per_month = 412.50
source = "invoice of October"
[costs.on_call]
hours_per_month = 3
usd_per_hour = 90
layer = "runtime"
source = "the team's estimate"
"""


def again(workspace, more="", start=""):
    """The same evidence, judged with more in pilot.toml."""
    path = workspace.root / "pilot.toml"
    path.write_text(re.sub(r"(monthly_runtime_usd *= *\S+)", rf"\1\n{start}", path.read_text()) + more)
    workspace = open_workspace(workspace.root)
    return workspace, pipeline.decide(workspace, effort=LIGHT)


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """With ceilings of the first months."""
    start = "start = { requests_per_month = 50000, monthly_runtime_usd = 60, monthly_total_usd = 1 }"
    return again(collected(tmp_path_factory.mktemp("started")), start=start)


def test_the_start_is_judged_at_its_own_traffic_by_its_own_ceilings(started):
    _, outcome = started
    told = {(v.target, v.slo.metric): v for v in outcome.findings.cost_verdicts}

    assert told["alpha", "start_monthly_runtime_usd"].judgement is Judgement.FAIL, (
        "two tasks cost more than 60 USD idle"
    )
    assert told["beta", "start_monthly_runtime_usd"].judgement is Judgement.PASS
    assert told["beta", "start_monthly_total_usd"].judgement is Judgement.FAIL
    assert told["beta", "start_monthly_runtime_usd"].profile == "traffic at the start"
    assert told["alpha", "monthly_runtime_usd"].judgement is Judgement.PASS, "the expected month has its own"
    [gate] = [g for g in outcome.decision.gates if g.target == "alpha"]
    assert "start_monthly_runtime_usd" in {v.slo.metric for v in gate.failed}


def test_the_cost_page_shows_each_month_beside_its_ceiling(started, tmp_path):
    workspace, _ = started
    outcome, page = pipeline.report(workspace, tmp_path / "r", effort=LIGHT)
    table = pipeline.report_tables(workspace, outcome)["ceilings"]
    every = [dict(zip([c.name for c in table.columns], row, strict=True)) for row in table.data]
    rows = {(*row[:2], one["ceiling_usd"]): one for row, one in zip(table.data, every, strict=True)}

    months = (("expected traffic", 600), ("traffic at the start", 60), ("traffic at the start", 1))
    assert set(rows) == {(month, target, usd) for month, usd in months for target in ("alpha", "beta")}
    first = rows["traffic at the start", "alpha", 60]
    assert first["ceiling_share"] == pytest.approx(first["month_usd"] / 60)
    assert "at the start: 50,000" in table.note
    assert 'id="table-ceilings"' in page.read_text()


def test_what_the_team_declares_stands_in_the_bill_with_its_source(tmp_path):
    workspace, bare = decided(tmp_path)
    _, told = again(workspace, OWN)

    for before, cost in zip(bare.findings.costs, told.findings.costs, strict=True):
        assert cost.monthly.layer_usd(CostLayer.RUNTIME) == before.monthly.layer_usd(CostLayer.RUNTIME) + 270
        assert cost.monthly.layer_usd(CostLayer.SHARED) == before.monthly.layer_usd(CostLayer.SHARED) + Decimal("412.5")
    shown = bill_lines(told.findings, {"alpha": "A", "beta": "B"})
    declared = [row for row in shown.values if "DECLARED" in row]

    assert [row[-1] for row in declared] == [
        "costs.database (invoice of October)",
        "costs.on_call (the team's estimate)",
    ] * 2
    assert {d.kind for d in told.doubts} == {d.kind for d in bare.doubts}, "no book is asked for what the team declares"


def test_a_hybrid_pays_what_both_would_pay_once(tmp_path):
    workspace, bare = decided(tmp_path, {"capacity": both(search(6.0, 6.66))})
    [before] = bare.findings.hybrids
    _, told = again(workspace, OWN)
    [after] = told.findings.hybrids

    assert after.value == pytest.approx(before.value + 270, rel=1e-9)
    assert after.low == pytest.approx(before.low + 270, rel=0.01)


def test_a_store_that_nobody_prices_is_a_doubt_that_names_it_until_a_line_covers_it(tmp_path):
    workspace = collected(tmp_path)
    path = workspace.root / "targets" / "beta" / "target.toml"
    path.write_text(f'uses = ["pgvector", "http_api"]\n{path.read_text()}')
    workspace, before = again(workspace)
    _, after = again(workspace, OWN + 'covers = ["pgvector", "http_api"]\n')

    found = [d for d in before.doubts if isinstance(d, PartsUnpriced)]
    assert [(d.target, d.parts) for d in found] == [("beta", ("pgvector", "http_api"))] or found[0].parts == (
        "pgvector",
    )
    assert not [d for d in after.doubts if isinstance(d, PartsUnpriced)]
