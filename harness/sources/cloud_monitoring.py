"""Google Cloud Monitoring's time series of one Cloud Run service.

Verified: spec only. What one must know: counters want ALIGN_DELTA and distributions a
percentile; a point's ``endTime`` names it; newest come first; an empty answer has no
``timeSeries`` at all; points may come two to four minutes late.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from harness.cloud.call import call
from harness.cloud.rest import Rest
from harness.domain.reading import Absent, Reading, Series, Window

HOST = "https://monitoring.googleapis.com"
PREFIX = "run.googleapis.com/"
PERIOD_S = 60
BILLABLE = PREFIX + "container/billable_instance_time"


@dataclass(frozen=True)
class GoogleMetric:
    """A metric of the service, how points of a minute are made one, and how the revisions' are joined."""

    name: str
    aligner: str
    reducer: str
    unit: str
    by: str | None = None  # a label that keeps its values apart


METRICS = (
    GoogleMetric("request_count", "ALIGN_DELTA", "REDUCE_SUM", "count", "metric.labels.response_code_class"),
    GoogleMetric("request_latencies", "ALIGN_PERCENTILE_95", "REDUCE_MAX", "ms"),
    GoogleMetric("request_latency/pending", "ALIGN_PERCENTILE_95", "REDUCE_MAX", "ms"),
    GoogleMetric("container/instance_count", "ALIGN_MAX", "REDUCE_SUM", "count", "metric.labels.state"),
    GoogleMetric("container/billable_instance_time", "ALIGN_DELTA", "REDUCE_SUM", "s"),
    GoogleMetric("container/startup_latencies", "ALIGN_PERCENTILE_95", "REDUCE_MAX", "ms"),
    GoogleMetric("container/max_request_concurrencies", "ALIGN_PERCENTILE_99", "REDUCE_MAX", "count"),
    GoogleMetric("container/cpu/utilizations", "ALIGN_PERCENTILE_95", "REDUCE_MAX", "share"),
    GoogleMetric("container/memory/utilizations", "ALIGN_PERCENTILE_95", "REDUCE_MAX", "share"),
)


class CloudMonitoring:
    """Each metric is one series, or one a value of its label."""

    kind = "cloud-monitoring"
    verified = "spec only"
    settle_s = 300.0
    keeps_s = 42 * 86_400.0  # six weeks of what a minute holds; unconfirmed

    def __init__(
        self, api: Rest, project: str, service: str, region: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._api, self._project = api, project
        self._where = f'resource.labels.service_name = "{service}" AND resource.labels.location = "{region}"'
        self._sleep = sleep

    def read(self, window: Window) -> list[Reading]:
        out: list[Reading] = []
        for metric in METRICS:
            out += self._one(metric, window)
        return out

    def raw(self) -> list[dict[str, Any]]:
        """Without the project, which names an account."""
        kept = json.loads(json.dumps(self._api.take()).replace(self._project, "PROJECT"))
        return list(kept)

    def _one(self, metric: GoogleMetric, window: Window) -> list[Reading]:
        name = PREFIX + metric.name
        asked = {
            "filter": f'metric.type = "{name}" AND resource.type = "cloud_run_revision" AND {self._where}',
            "interval.startTime": _utc(window.start_unix_s // PERIOD_S * PERIOD_S),
            "interval.endTime": _utc(-(-window.end_unix_s // PERIOD_S) * PERIOD_S),
            "aggregation.alignmentPeriod": f"{PERIOD_S}s",
            "aggregation.perSeriesAligner": metric.aligner,
            "aggregation.crossSeriesReducer": metric.reducer,
            **({"aggregation.groupByFields": metric.by} if metric.by else {}),
        }
        query = json.dumps(asked, sort_keys=True)
        found: dict[str, dict[float, float]] = {}
        token: str | None = ""
        while token is not None:
            params = asked | ({"pageToken": token} if token else {})
            answer = call(
                self._api.get, {"path": f"/v3/projects/{self._project}/timeSeries", "params": params}, self._sleep
            )
            if isinstance(answer, str):
                return [Absent(name, answer, query, self.kind, failed=True)]
            for series in answer.get("timeSeries") or ():
                points = found.setdefault(_label(series), {})
                points |= dict(_points(series, window))
            token = answer.get("nextPageToken") or None
        out: list[Reading] = [
            Series(f"{name} {metric.aligner}{label}", metric.unit, tuple(sorted(points.items())), query, self.kind)
            for label, points in sorted(found.items())
            if points
        ]
        return out or [Absent(name, "no data point in this window", query, self.kind)]


def _points(series: Mapping[str, Any], window: Window) -> list[tuple[float, float]]:
    out = []
    for point in series.get("points") or ():
        at = datetime.fromisoformat(point["interval"]["endTime"]).timestamp() - PERIOD_S
        value = next((point["value"][k] for k in ("doubleValue", "int64Value") if k in point["value"]), None)
        if value is not None and window.start_unix_s - PERIOD_S < at < window.end_unix_s:
            out.append((at, float(value)))
    return out


def _label(series: Mapping[str, Any]) -> str:
    labels = (series.get("metric") or {}).get("labels") or {}
    return "".join(f' {k}="{v}"' for k, v in sorted(labels.items()))


def _utc(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
