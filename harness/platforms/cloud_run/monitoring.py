"""Google Cloud Monitoring's time series of one Cloud Run service.

Verified: spec only. What one must know: counters want ALIGN_DELTA and distributions a
percentile; a point's ``endTime`` names it; newest come first; an empty answer has no
``timeSeries`` at all; points may come two to four minutes late.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from harness.domain.reading import Absent, Reading, Series, Window
from harness.domain.reasons.reading import NoPoint
from harness.platforms.shared.absence import readings
from harness.platforms.shared.answer import Answer, pages
from harness.platforms.shared.rest import Rest

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

    @property
    def series(self) -> str:
        """Its name in readings, without a label."""
        return f"{PREFIX}{self.name} {self.aligner}"


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
            asked = self._question(metric, window)
            query = json.dumps(asked, sort_keys=True)
            make = partial(self._one, metric, asked, query, window)
            out += readings([metric.series], query, self.kind, make)
        return out

    def raw(self) -> list[dict[str, Any]]:
        """Without the project, which names an account."""
        kept = json.loads(json.dumps(self._api.take()).replace(self._project, "PROJECT"))
        return list(kept)

    def _question(self, metric: GoogleMetric, window: Window) -> dict[str, Any]:
        return {
            "filter": f'metric.type = "{PREFIX}{metric.name}" AND resource.type = "cloud_run_revision" AND {self._where}',
            "interval.startTime": _utc(window.start_unix_s // PERIOD_S * PERIOD_S),
            "interval.endTime": _utc(-(-window.end_unix_s // PERIOD_S) * PERIOD_S),
            "aggregation.alignmentPeriod": f"{PERIOD_S}s",
            "aggregation.perSeriesAligner": metric.aligner,
            "aggregation.crossSeriesReducer": metric.reducer,
            **({"aggregation.groupByFields": metric.by} if metric.by else {}),
        }

    def _one(self, metric: GoogleMetric, asked: dict[str, Any], query: str, window: Window) -> list[Reading]:
        path = f"/v3/projects/{self._project}/timeSeries"
        found: dict[str, dict[float, float]] = {}
        for page in pages(lambda **p: self._api.get(path, p), asked, "pageToken", "nextPageToken", self._sleep):
            for series in page["timeSeries"].rows():
                points = found.setdefault(_label(series), {})
                points |= dict(_points(series, window))
        out: list[Reading] = [
            Series(f"{metric.series}{label}", metric.unit, tuple(sorted(points.items())), query, self.kind)
            for label, points in sorted(found.items())
            if points
        ]
        return out or [Absent(metric.series, NoPoint(), query, self.kind)]


def _points(series: Answer, window: Window) -> list[tuple[float, float]]:
    out = []
    for point in series["points"].rows():
        at = point["interval"]["endTime"].moment() - PERIOD_S
        said = [point["value"][name] for name in ("doubleValue", "int64Value") if point["value"][name].given]
        value = said[0].figure() if said else None  # a double may be the text "NaN"
        if value is not None and window.start_unix_s - PERIOD_S < at < window.end_unix_s:
            out.append((at, value))
    return out


def _label(series: Answer) -> str:
    labels = series["metric"]["labels"].fields()
    return "".join(f' {k}="{v.text()}"' for k, v in sorted(labels.items()))


def _utc(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
