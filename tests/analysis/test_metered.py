"""What the runs themselves have used: the platform's own figure before how long clients waited."""

import json
from dataclasses import replace

import pytest

from harness.analysis.metered import used
from harness.domain.target import PriceModel
from tests.campaign.clouds import CloudPilot


def test_a_total_that_the_platform_told_is_what_was_billed(tmp_path):
    """Execution units of 1,536 MB for 2 s are 2,000 billed milliseconds, however long the clients waited."""
    workspace, plan, store = CloudPilot(tmp_path, per_run=60).write()
    target = replace(workspace.target("alpha"), prices=PriceModel("azure-2026-11", "eastus", "functions-consumption"))
    record = next(r for r in store.all_records(plan) if r.target == "alpha")
    waited = used(target, [record]).usage.billed_ms
    units = {"kind": "series", "metric": "FunctionExecutionUnits total", "points": [[0, 1536.0 * 2000]]}
    (record.path / "readings").mkdir(exist_ok=True)
    (record.path / "readings" / "azure-monitor.json").write_text(json.dumps({"readings": [units]}))

    assert waited > 2000
    assert used(target, [record]).usage.billed_ms == pytest.approx(2000)
