"""Azure Monitor's metrics of one Container App or Function App.

Verified: spec only. What one must know: one answer holds many metrics and each names its
own error; a minute without data has a ``timeStamp`` and no value, which is no zero.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harness.domain.reading import Absent, Reading, Series, Window
from harness.domain.reasons.reading import NoPoint, NoSuchMetric, NotAnswered
from harness.platforms.platform import Signal
from harness.platforms.shared.absence import readings
from harness.platforms.shared.answer import Answer, answer_of, printable
from harness.platforms.shared.periods import touches, utc, whole
from harness.platforms.shared.rest import Rest

VERSION = "2023-10-01"
PERIOD_S = 60
MOST = 20  # metrics in one question


class AzureMonitor:
    """Each series is a metric and its aggregation, as an answer spells it.

    ``resource`` is its whole id, which names the subscription and is kept nowhere.
    """

    kind = "azure-monitor"
    verified = "spec only"
    settle_s = 300.0
    keeps_s = 93 * 86_400.0

    def __init__(self, api: Rest, resource: str, signals: Sequence[Signal]) -> None:
        self._api, self._resource, self._signals = api, resource, signals

    def read(self, window: Window) -> list[Reading]:
        out: list[Reading] = []
        for aggregation in sorted({s.metric.split()[1] for s in self._signals}):
            mine = [s for s in self._signals if s.metric.split()[1] == aggregation]
            for k in range(0, len(mine), MOST):
                out += self._some(mine[k : k + MOST], aggregation, window)
        return out

    def raw(self) -> list[dict[str, Any]]:
        kept = json.dumps(self._api.take())
        for part in (self._resource, self._resource.split("/")[2] if self._resource.count("/") > 1 else self._resource):
            kept = kept.replace(part, "RESOURCE")
        return list(json.loads(kept))

    def _some(self, signals: Sequence[Signal], aggregation: str, window: Window) -> list[Reading]:
        asked = {
            "api-version": VERSION,
            "metricnames": ",".join(s.metric.split()[0] for s in signals),
            "aggregation": aggregation,
            "interval": "PT1M",
            "timespan": "/".join(map(utc, whole(window, PERIOD_S))),
        }
        query = json.dumps(asked, sort_keys=True)
        request = {"path": f"{self._resource}/providers/Microsoft.Insights/metrics", "params": asked}

        def answers() -> list[Reading]:
            answer = answer_of(self._api.get, request)
            found = {one["name"]["value"].text(): one for one in answer["value"].rows()}
            return [r for s in signals for r in self._one(s, found.get(s.metric.split()[0]), query, window)]

        return readings([s.metric for s in signals], query, self.kind, answers)

    def _one(self, signal: Signal, said: Answer | None, query: str, window: Window) -> list[Reading]:
        if said is None:
            return [Absent(signal.metric, NoSuchMetric(), query, self.kind)]
        return readings([signal.metric], query, self.kind, lambda: [self._series(signal, said, query, window)])

    def _series(self, signal: Signal, said: Answer, query: str, window: Window) -> Reading:
        if said["errorCode"].value not in (None, "Success"):
            words = printable(f"{said['errorCode'].text()}: {said['errorMessage'].value}")
            return Absent(signal.metric, NotAnswered(words), query, self.kind, failed=True)
        points: dict[float, float] = {}
        for series in said["timeseries"].rows():
            for point in series["data"].rows():
                at, value = point["timeStamp"].moment(), point[signal.metric.split()[1]]
                if value.given and touches(window, at, PERIOD_S):
                    points[at] = value.number()
        if not points:
            return Absent(signal.metric, NoPoint(), query, self.kind)
        return Series(signal.metric, signal.unit, tuple(sorted(points.items())), query, self.kind)
