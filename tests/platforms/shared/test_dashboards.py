"""Dashboards and alarms: valid where they are imported, and the promises stand in them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.platforms import registry
from harness.platforms.shared.dashboards import alarms, dashboard, grafana
from harness.platforms.shared.dashboards.grafana import UNITS
from harness.workspace.pilot_toml import Slos
from harness.workspace.target_toml import read_target
from tests.targets.test_others import VARIABLES

TARGETS = Path(__file__).parent.parent.parent.parent / "targets"
SLO = Slos(p95_s=1.5)


@pytest.fixture
def targets(monkeypatch):
    for name, value in {**VARIABLES, "RAG_LAMBDA_URL": "https://x.on.aws", "RAG_FARGATE_URL": "http://y"}.items():
        monkeypatch.setenv(name, value)
    return [read_target(TARGETS / name, {}) for name in ("aws_fargate", "aws_lambda", "kubernetes")]


def test_each_promise_is_a_line_in_its_metrics_unit(targets):
    charts = [w["properties"] for w in dashboard(targets, SLO)["widgets"]]
    lines = {c["title"]: c["annotations"]["horizontal"][0]["value"] for c in charts if "annotations" in c}

    assert lines["Lambda: duration p95"] == 1500
    assert lines["Fargate: p95 to the answer's head"] == 1.5
    assert all(c["metrics"] and c["region"] == "us-east-1" for c in charts)


def test_alarms_are_valid_cloudformation_and_missing_data_is_not_fine(targets, tmp_path):
    path = tmp_path / "alarms.json"
    made = alarms(targets, SLO)
    path.write_text(json.dumps(made))
    command = [Path(sys.executable).parent / "cfn-lint", "--non-zero-exit-code", "warning", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert len(made["Resources"]) == 6
    assert {r["Properties"]["TreatMissingData"] for r in made["Resources"].values()} == {"missing"}


def test_grafana_has_a_panel_a_query_in_a_grid_without_overlap(targets):
    made = grafana(targets, "Which?")
    panels = made["panels"]
    charts = [p for p in panels if p["type"] == "timeseries"]
    cells = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels]

    assert len({p["id"] for p in panels}) == len(panels)
    assert len(set(cells)) == len(cells)
    assert all('namespace="rag-pilot"' in p["targets"][0]["expr"] or "$" not in p["targets"][0]["expr"] for p in charts)
    assert {p["datasource"]["uid"] for p in charts} == {"${DS_PROMETHEUS}"}


def test_without_such_a_source_there_is_nothing_to_show():
    assert dashboard([], SLO) == {"widgets": []}
    assert alarms([], SLO)["Resources"] == {}
    assert grafana([], "x")["panels"] == []


def test_every_unit_of_the_ready_sets_is_one_that_grafana_draws():
    units = {s.unit for subject in registry.subjects("prometheus") for s in subject.signals}

    assert units <= UNITS.keys()
    assert UNITS["USD/h"] == "currencyUSD"
