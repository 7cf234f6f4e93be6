"""``kind = "cloud-monitoring"``: a Cloud Run service; and what its series mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from harness.domain.reading import MetricSource
from harness.domain.reasons.doubt import Figures
from harness.platforms.platform import Measure, Per, SourceKind, Tier
from harness.platforms.shared.rows import P95, rows
from harness.tables.table import Table
from harness.tables.values import Line

KIND = "cloud-monitoring"


class CloudMonitoringTable(Table):
    """``kind = "cloud-monitoring"``: a Cloud Run service."""

    kind: Literal["cloud-monitoring"]
    project: Line
    region: Line
    service: Line


def build(options: Mapping[str, Any]) -> MetricSource:
    """Each metric is one series, or one a value of its label."""
    from harness.platforms.cloud_run import monitoring  # noqa: PLC0415 - made where it is asked
    from harness.platforms.shared.origins import google  # noqa: PLC0415

    api = google(monitoring.HOST)
    return monitoring.CloudMonitoring(api, options["project"], options["service"], options["region"])


SOURCE = SourceKind(
    kind=KIND,
    table=CloudMonitoringTable,
    build=build,
    feeds=Figures.INSTANCE_TIME,
    cloud="google",
)
# each name ends with its aligner, which makes one point of a minute's
_run = rows(KIND, "run.googleapis.com/")
_box = rows(KIND, "run.googleapis.com/container/")
SUM, MOST, P95TH = Per.SUM, Per.MOST, "ALIGN_PERCENTILE_95"
SIGNALS = (
    _run("request_count ALIGN_DELTA", Measure.REQUESTS, "count", "requests", tier=Tier.FRONT, per=SUM),
    _run(f"request_latencies {P95TH}", Measure.DURATION, "ms", "duration, p95", per=MOST, quantile=P95),
    _run(f"request_latency/pending {P95TH}", Measure.PLACE_WAIT, "ms", "wait for an instance, p95", per=MOST),
    _box("instance_count ALIGN_MAX", Measure.INSTANCES, "count", "instances", per=MOST),
    _box("billable_instance_time ALIGN_DELTA", Measure.BILLED, "s", "instance time that is billed", per=SUM),
    _box(
        "max_request_concurrencies ALIGN_PERCENTILE_99",
        Measure.EACH_AT_ONCE,
        "count",
        "requests at once on an instance, p99",
        per=MOST,
    ),
    _box(f"startup_latencies {P95TH}", Measure.STARTS, "ms", "start of an instance, p95", per=MOST),
    _box(f"cpu/utilizations {P95TH}", Measure.CPU, "share", "processors used, p95", telling=0.95),
    _box(f"memory/utilizations {P95TH}", Measure.MEMORY, "share", "memory used, p95", telling=0.95),
)
