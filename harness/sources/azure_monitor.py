"""Azure Monitor's metrics of one Container App or Function App.

Verified: spec only. What one must know: one answer holds many metrics and each names its
own error; a minute without data has a ``timeStamp`` and no value, which is no zero.
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

VERSION = "2023-10-01"
PERIOD_S = 60
MOST = 20  # metrics in one question


@dataclass(frozen=True)
class AzureMetric:
    """A metric and the aggregation that it is read by, as the answer spells it."""

    name: str
    aggregation: str
    unit: str


CONTAINER_APP = (
    AzureMetric("Requests", "total", "count"),
    AzureMetric("Replicas", "average", "count"),
    AzureMetric("RestartCount", "maximum", "count"),
    AzureMetric("ResponseTime", "average", "ms"),
    AzureMetric("UsageNanoCores", "average", "nanocores"),
    AzureMetric("WorkingSetBytes", "average", "bytes"),
)
FUNCTION_APP = (
    AzureMetric("OnDemandFunctionExecutionCount", "total", "count"),
    AzureMetric("OnDemandFunctionExecutionUnits", "total", "MB-ms"),
    AzureMetric("AlwaysReadyFunctionExecutionCount", "total", "count"),
    AzureMetric("AlwaysReadyFunctionExecutionUnits", "total", "MB-ms"),
    AzureMetric("InstanceCount", "average", "count"),
    AzureMetric("MemoryWorkingSet", "average", "bytes"),
)
CONSUMPTION_APP = (  # a metric that an app has not fails the whole question, so each plan has its own
    AzureMetric("FunctionExecutionCount", "total", "count"),
    AzureMetric("FunctionExecutionUnits", "total", "MB-ms"),
    AzureMetric("MemoryWorkingSet", "average", "bytes"),
)


class AzureMonitor:
    """Each metric is one series; ``resource`` is its whole id, which names the subscription and is kept nowhere."""

    kind = "azure-monitor"
    verified = "spec only"
    settle_s = 300.0
    keeps_s = 93 * 86_400.0

    def __init__(
        self,
        api: Rest,
        resource: str,
        metrics: tuple[AzureMetric, ...],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api, self._resource, self._metrics, self._sleep = api, resource, metrics, sleep

    def read(self, window: Window) -> list[Reading]:
        out: list[Reading] = []
        for aggregation in sorted({m.aggregation for m in self._metrics}):
            mine = [m for m in self._metrics if m.aggregation == aggregation]
            for k in range(0, len(mine), MOST):
                out += self._some(mine[k : k + MOST], aggregation, window)
        return out

    def raw(self) -> list[dict[str, Any]]:
        kept = json.dumps(self._api.take())
        for part in (self._resource, self._resource.split("/")[2] if self._resource.count("/") > 1 else self._resource):
            kept = kept.replace(part, "RESOURCE")
        return list(json.loads(kept))

    def _some(self, metrics: list[AzureMetric], aggregation: str, window: Window) -> list[Reading]:
        start = window.start_unix_s // PERIOD_S * PERIOD_S
        end = -(-window.end_unix_s // PERIOD_S) * PERIOD_S
        asked = {
            "api-version": VERSION,
            "metricnames": ",".join(m.name for m in metrics),
            "aggregation": aggregation,
            "interval": "PT1M",
            "timespan": f"{_utc(start)}/{_utc(end)}",
        }
        query = json.dumps(asked, sort_keys=True)
        request = {"path": f"{self._resource}/providers/Microsoft.Insights/metrics", "params": asked}
        answer = call(self._api.get, request, self._sleep)
        if isinstance(answer, str):
            return [Absent(f"{m.name} {aggregation}", answer, query, self.kind, failed=True) for m in metrics]
        by_name = {str(one["name"]["value"]): one for one in answer.get("value") or ()}
        return [self._reading(m, by_name.get(m.name), query, window) for m in metrics]

    def _reading(self, metric: AzureMetric, said: Mapping[str, Any] | None, query: str, window: Window) -> Reading:
        name = f"{metric.name} {metric.aggregation}"
        if said is None:
            return Absent(name, "the answer does not hold it: the resource has no such metric", query, self.kind)
        if said.get("errorCode") not in (None, "Success"):
            return Absent(name, f"{said['errorCode']}: {said.get('errorMessage')}", query, self.kind, failed=True)
        points: dict[float, float] = {}
        for series in said.get("timeseries") or ():
            for point in series.get("data") or ():
                at = datetime.fromisoformat(point["timeStamp"]).timestamp()
                value = point.get(metric.aggregation)
                if value is not None and window.start_unix_s - PERIOD_S < at < window.end_unix_s:
                    points[at] = float(value)
        if not points:
            return Absent(name, "no data point in this window", query, self.kind)
        return Series(name, metric.unit, tuple(sorted(points.items())), query, self.kind)


def _utc(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
