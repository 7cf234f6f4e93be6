"""``kind = "cloud-monitoring"``: a Cloud Run service; and what its series mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from harness.domain.reading import MetricSource
from harness.domain.reasons.doubt import Figures
from harness.platforms.platform import Measure, Per, Signal, SourceKind, Tier
from harness.tables.table import Table
from harness.tables.values import Line

KIND, RUN = "cloud-monitoring", "run.googleapis.com"


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
    *(KIND, CloudMonitoringTable, build),
    Figures.INSTANCE_TIME,
    cloud="google",
)
SIGNALS = (
    Signal(f"{RUN}/request_count ALIGN_DELTA", KIND, Measure.REQUESTS, "count", "requests", Tier.FRONT, Per.SUM),
    Signal(
        f"{RUN}/request_latencies ALIGN_PERCENTILE_95",
        KIND,
        Measure.DURATION,
        "ms",
        "duration, p95",
        per=Per.MOST,
        quantile=0.95,
    ),
    Signal(
        *(f"{RUN}/request_latency/pending ALIGN_PERCENTILE_95", KIND, Measure.PLACE_WAIT, "ms"),
        "wait for an instance, p95",
        per=Per.MOST,
    ),
    Signal(f"{RUN}/container/instance_count ALIGN_MAX", KIND, Measure.INSTANCES, "count", "instances", per=Per.MOST),
    Signal(
        *(
            f"{RUN}/container/billable_instance_time ALIGN_DELTA",
            KIND,
            Measure.BILLED,
            "s",
            "instance time that is billed",
        ),
        per=Per.SUM,
    ),
    Signal(
        *(f"{RUN}/container/max_request_concurrencies ALIGN_PERCENTILE_99", KIND, Measure.EACH_AT_ONCE, "count"),
        *("requests at once on an instance, p99", Tier.RUNTIME, Per.MOST),
    ),
    Signal(
        *(f"{RUN}/container/startup_latencies ALIGN_PERCENTILE_95", KIND, Measure.STARTS, "ms"),
        "start of an instance, p95",
        per=Per.MOST,
    ),
    Signal(
        *(f"{RUN}/container/cpu/utilizations ALIGN_PERCENTILE_95", KIND, Measure.CPU, "share", "processors used, p95"),
        telling=0.95,
    ),
    Signal(
        f"{RUN}/container/memory/utilizations ALIGN_PERCENTILE_95",
        KIND,
        Measure.MEMORY,
        "share",
        "memory used, p95",
        telling=0.95,
    ),
)
