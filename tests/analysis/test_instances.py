"""Time that instances were billed for, from the platform's readings, and the cost that hangs on it."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from harness.analysis.instances import told
from harness.analysis.spend import blocks_of, priced
from harness.domain.estimate import Estimate, Unknown
from harness.domain.target import Dialect, PriceModel, Target
from harness.platforms import registry
from harness.platforms.azure_functions.bill import FLEX_UNITS
from harness.platforms.azure_functions.bill import UNITS as CLASSIC_UNITS
from harness.platforms.external.config import External
from harness.platforms.pricing import pricing_of
from harness.words import said
from tests.analysis.fakes import run_of
from tests.predict.priced import month, on_demand

BILLABLE = "run.googleapis.com/container/billable_instance_time ALIGN_DELTA"
REPLICAS, MODEL_LATENCY = "Replicas average", "AWS/SageMaker ModelLatency Sum"
UNITS = (*FLEX_UNITS, *CLASSIC_UNITS)

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
    assert float(told(run.record, pricing_of(RUN.prices))) == 42.5


def test_a_replica_of_a_minute_is_sixty_seconds(tmp_path):
    apps = pricing_of(PriceModel("azure-2026-11", "eastus", "container-apps"))
    run = run_with(tmp_path / "a", "azure-monitor", {REPLICAS: [1.0, 1.5]})
    assert float(told(run.record, apps)) == 150.0


def test_the_warm_up_bears_its_share_of_them(tmp_path):
    measured = np.array([False] * 20 + [True] * 80, dtype=object)
    run = run_with(tmp_path / "a", "cloud-monitoring", {BILLABLE: [50.0]}, measured=measured)
    [block] = blocks_of(RUN, [run], 2.0, None)
    assert float(block.usage.instance_s) == 40.0


def test_cost_follows_the_instances_time_and_is_not_known_without(tmp_path):
    runs = [run_with(tmp_path / str(k), "cloud-monitoring", {BILLABLE: [50.0 + k]}) for k in range(3)]
    twice = [run_with(tmp_path / f"t{k}", "cloud-monitoring", {BILLABLE: [2 * (50.0 + k)]}) for k in range(3)]
    none = [run_with(tmp_path / f"n{k}", "cloud-monitoring", {}) for k in range(3)]
    once, double = (sum(float(b.usage.instance_s) for b in blocks_of(RUN, r, 2.0, None)) for r in (runs, twice))
    _, gap = priced(RUN, blocks_of(RUN, none, 2.0, None))

    assert double == 2 * once
    assert "instance time was not collected" in said(gap.reason)
    assert priced(RUN, blocks_of(RUN, runs, 2.0, None)) == ([0, 1, 2], None)


def at(book, model, memory_mb):
    prices = PriceModel(book, "anywhere", model, {"memory_mb": memory_mb})
    return Target("run", Path("run"), Dialect.RAG_CHAT, External(), base_url="https://x.example", prices=prices)


@pytest.mark.parametrize(
    ("target", "source", "readings"),
    [
        (at("azure-2026-11", "functions-consumption", 1500), "azure-monitor", {UNITS[2]: [1536 * 40_000.0]}),
        (
            at("aws-2026-11", "sagemaker-serverless", 4096),
            "cloudwatch",
            {MODEL_LATENCY: [15e6, 25e6], "AWS/SageMaker ModelLatency p95": [9e9]},
        ),
    ],
)
def test_forty_seconds_that_are_told_together_are_shared_by_the_requests_of_a_run(tmp_path, target, source, readings):
    """100 requests, 20 of them warm-up: the measured 80 bear four fifths of 40,000 ms."""
    measured = np.array([False] * 20 + [True] * 80, dtype=object)
    [block] = blocks_of(target, [run_with(tmp_path / "a", source, readings, measured=measured)], 2.0, None)

    assert float(block.usage.billed_ms) == pytest.approx(32_000)
    assert block.billed == 80


def test_executions_that_meet_on_an_instance_of_flex_share_its_time(tmp_path):
    """10 s of instances, though the 100 requests of 400 ms waited 40 s; the measured 80 bear four fifths."""
    measured = np.array([False] * 20 + [True] * 80, dtype=object)
    flex = at("azure-2026-11", "functions-flex", 2048)
    readings = {UNITS[0]: [2048 * 7_000.0], UNITS[1]: [2048 * 3_000.0]}
    run = run_with(tmp_path / "a", "azure-monitor", readings, measured=measured)
    [block] = blocks_of(flex, [run], 2.0, None)

    assert float(block.usage.instance_s) == pytest.approx(8.0)
    assert float(block.usage.billed_ms) == 0


def test_their_cost_is_known_with_the_platforms_sums_and_not_without(tmp_path):
    """1,000,000 requests of 400 ms at 1.5 GB are 600,000 GB-s (the classic plan, unless free)."""
    classic = at("azure-2026-11", "functions-consumption", 1536)
    told = [run_with(tmp_path / str(k), "azure-monitor", {UNITS[2]: [1536 * 40_000.0]}) for k in range(3)]
    untold = [run_with(tmp_path / f"n{k}", "azure-monitor", {}) for k in range(3)]
    blocks = blocks_of(classic, told, 2.0, None)
    waited = blocks[0].busy_s / float(blocks[0].usage.requests)
    known = month(classic, blocks, 1_000_000, (waited,) * 400, scaling=on_demand(kept_s=600))
    absent = month(classic, blocks_of(classic, untold, 2.0, None), 1_000_000).per_month_usd
    units = {line.label: float(line.quantity) for line in known.monthly.lines}

    assert isinstance(known.per_month_usd, Estimate)
    assert units["Execution time"] == pytest.approx(600_000, rel=0.01)
    assert isinstance(absent, Unknown)
    assert "billed durations were collected for 0 of 3 blocks" in said(absent.reason)


def test_a_refused_request_has_no_share_of_what_is_billed(tmp_path):
    classic = at("azure-2026-11", "functions-consumption", 1536)
    outcomes = np.array(["throttled"] * 50 + ["ok"] * 50, dtype=object)
    [block] = blocks_of(
        classic, [run_with(tmp_path / "a", "azure-monitor", {UNITS[2]: [1536 * 1000.0]}, outcome=outcomes)], 2.0, None
    )

    assert float(block.usage.billed_ms) == pytest.approx(1000)
    assert (block.billed, float(block.usage.requests)) == (50, 50)


def test_what_is_added_up_is_what_the_sources_ask_for():
    asked = {s.metric for s in registry.declared()}

    assert {BILLABLE, REPLICAS, MODEL_LATENCY, *UNITS} <= asked
