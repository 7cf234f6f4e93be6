"""Azure Monitor's metrics of one Container App or Function App.

Verified: spec only. What one must know: one answer holds many metrics and each names its
own error; a minute without data has a ``timeStamp`` and no value, which is no zero.
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
from harness.domain.reasons.reading import NoPoint, NoSuchMetric, NotAnswered
from harness.platforms.shared.absence import readings
from harness.platforms.shared.answer import Answer, answer_of, printable
from harness.platforms.shared.rest import Rest

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
        names = [f"{m.name} {aggregation}" for m in metrics]
        return readings(names, query, self.kind, lambda: self._answers(metrics, request, query, window))

    def _answers(
        self, metrics: list[AzureMetric], request: dict[str, Any], query: str, window: Window
    ) -> list[Reading]:
        answer = answer_of(self._api.get, request, self._sleep)
        by_name = {one["name"]["value"].text(): one for one in answer["value"].rows()}
        out: list[Reading] = []
        for m in metrics:
            name = f"{m.name} {m.aggregation}"
            found = by_name.get(m.name)
            if found is None:
                out.append(Absent(name, NoSuchMetric(), query, self.kind))
            else:
                out += readings([name], query, self.kind, partial(self._one, m, found, query, window))
        return out

    def _one(self, metric: AzureMetric, said: Answer, query: str, window: Window) -> list[Reading]:
        name = f"{metric.name} {metric.aggregation}"
        if said["errorCode"].value not in (None, "Success"):
            words = printable(f"{said['errorCode'].text()}: {said['errorMessage'].value}")
            return [Absent(name, NotAnswered(words), query, self.kind, failed=True)]
        points: dict[float, float] = {}
        for series in said["timeseries"].rows():
            for point in series["data"].rows():
                at = point["timeStamp"].moment()
                value = point[metric.aggregation]
                if value.given and window.start_unix_s - PERIOD_S < at < window.end_unix_s:
                    points[at] = value.number()
        if not points:
            return [Absent(name, NoPoint(), query, self.kind)]
        return [Series(name, metric.unit, tuple(sorted(points.items())), query, self.kind)]


def _utc(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
