"""Time that instances were billed for, from the platform's readings, and the cost that hangs on it."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from harness.analysis.instances import BILLABLE, REPLICAS, instance_s
from harness.analysis.spend import blocks_of, cost
from harness.domain.estimate import Estimate, Unknown
from harness.domain.target import Dialect, External, PriceModel, Target
from tests.analysis.fakes import run_of

RUN = Target(
    *("run", Path("run"), Dialect.RAG_CHAT, External()),
    base_url="https://x.example",
    prices=PriceModel("gcp-2026-11", "europe-west1", "cloud-run", {"vcpu": 1.0, "memory_gib": 2.0}),
)


def run_with(folder, name, readings, **columns):
    (folder / "readings").mkdir(parents=True)
    rows = [
        {"kind": "series", "metric": metric, "points": [[60 * k, v] for k, v in enumerate(values)]}
        for metric, values in readings.items()
    ]
    (folder / "readings" / f"{name}.json").write_text(json.dumps({"readings": rows}))
    made = run_of(np.full(100, 0.4), bytes=np.full(100, 2000.0), **columns)
    tokens = {name: np.full(100, 10.0) for name in ("input_tokens", "output_tokens")}
    return type(made)(1, "run", "steady", SimpleNamespace(path=folder, run={}), {**made.columns, **tokens})


def test_billable_seconds_add_up_and_other_metrics_do_not(tmp_path):
    run = run_with(
        tmp_path / "a", "cloud-monitoring", {BILLABLE: [30.0, 12.5], "run.googleapis.com/request_count": [9]}
    )
    assert float(instance_s(run)) == 42.5


def test_a_replica_of_a_minute_is_sixty_seconds(tmp_path):
    assert float(instance_s(run_with(tmp_path / "a", "azure-monitor", {REPLICAS: [1.0, 1.5]}))) == 150.0


def test_the_warm_up_bears_its_share_of_them(tmp_path):
    measured = np.array([False] * 20 + [True] * 80, dtype=object)
    run = run_with(tmp_path / "a", "cloud-monitoring", {BILLABLE: [50.0]}, measured=measured)
    [block] = blocks_of(RUN, [run], 2.0, None)
    assert float(block.usage.instance_s) == 40.0


def test_cost_follows_the_instances_time_and_is_not_known_without(tmp_path):
    runs = [run_with(tmp_path / str(k), "cloud-monitoring", {BILLABLE: [50.0 + k]}) for k in range(3)]
    twice = [run_with(tmp_path / f"t{k}", "cloud-monitoring", {BILLABLE: [2 * (50.0 + k)]}) for k in range(3)]
    none = [run_with(tmp_path / f"n{k}", "cloud-monitoring", {}) for k in range(3)]
    once, double, absent = (
        cost(RUN, blocks_of(RUN, r, 2.0, None), 1_000_000).per_month_usd for r in (runs, twice, none)
    )

    assert isinstance(once, Estimate)
    assert double.value / once.value == pytest.approx(2, rel=0.05)
    assert isinstance(absent, Unknown)
    assert "instance time was not collected" in absent.reason
