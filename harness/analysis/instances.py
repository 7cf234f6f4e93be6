"""How long instances were billed in a run, from the platform's own readings."""

from __future__ import annotations

from decimal import Decimal

from harness.analysis.dataset import RunData
from harness.errors import BadFile
from harness.evidence.files import read_json

BILLABLE = "run.googleapis.com/container/billable_instance_time ALIGN_DELTA"  # seconds, a delta a minute
REPLICAS = "Replicas average"  # over a minute
MINUTE_S = 60
FILES = ("cloud-monitoring", "azure-monitor")


def instance_s(run: RunData) -> Decimal:
    """Billable seconds of all instances together; 0 where none were collected, which a price by instance refuses."""
    if not run.record:
        return Decimal(0)
    total = 0.0
    for name in FILES:
        try:
            content = read_json(run.record.path / "readings" / f"{name}.json")
        except BadFile:
            continue
        for reading in content["readings"]:
            if reading["kind"] == "series" and reading["metric"] in (BILLABLE, REPLICAS):
                seconds = MINUTE_S if reading["metric"] == REPLICAS else 1
                total += sum(value for _, value in reading["points"]) * seconds
    return Decimal(str(round(total, 3)))
