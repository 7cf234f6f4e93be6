"""What a platform says that it bills of a whole run, rather than of each request: from its own readings."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from harness.analysis.dataset import RunData
from harness.errors import BadFile
from harness.evidence.files import read_json
from harness.evidence.schema import READINGS_FORMAT

BILLABLE = "run.googleapis.com/container/billable_instance_time ALIGN_DELTA"  # seconds, a delta a minute
REPLICAS = "Replicas average"  # over a minute
MINUTE_S = 60
FILES = ("cloud-monitoring", "azure-monitor", "cloudwatch")
UNITS = (  # of Functions, in megabyte-milliseconds
    *("OnDemandFunctionExecutionUnits total", "AlwaysReadyFunctionExecutionUnits total"),
    "FunctionExecutionUnits total",
)
MODEL_LATENCY = (
    "AWS/SageMaker ModelLatency Sum"  # of SageMaker, in microseconds; that this is what is billed is unconfirmed
)


def instance_s(run: RunData) -> Decimal:
    """Billable seconds of all instances together; 0 where none were collected, which a price by instance refuses."""
    return _exact(_sum(run, BILLABLE) + _sum(run, REPLICAS) * MINUTE_S)


def billed_ms(run: RunData, memory_mb: Decimal) -> Decimal:
    """Billed milliseconds of all requests together, at ``memory_mb``; 0 where none were collected, which has no price."""
    return _exact(sum(_sum(run, name) for name in UNITS) / float(memory_mb) + _sum(run, MODEL_LATENCY) / 1000)


def _sum(run: RunData, metric: str) -> float:
    """Over every source that has the metric."""
    found = [r for r in _readings(run) if r["kind"] == "series" and r["metric"] == metric]
    return float(sum(value for reading in found for _, value in reading["points"]))


def _readings(run: RunData) -> Iterator[dict[str, Any]]:
    if not run.record:
        return
    files = (path for name in FILES for path in (run.record.path / "readings").glob(f"{name}*.json"))
    for path in sorted(files):
        if ".try" not in path.name:
            with contextlib.suppress(BadFile):
                yield from read_json(path, READINGS_FORMAT)["readings"]


def _exact(value: float) -> Decimal:
    return Decimal(str(round(value, 3)))
