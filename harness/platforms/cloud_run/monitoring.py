"""Google Cloud Monitoring's time series of one Cloud Run service.

Verified: spec only. What one must know: counters want ALIGN_DELTA and distributions a
percentile; a point's ``endTime`` names it; newest come first; an empty answer has no
``timeSeries`` at all; points may come two to four minutes late.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from harness.domain.reading import Absent, Reading, Series, Window
from harness.domain.reasons.reading import NoPoint
from harness.platforms.cloud_run.readings import SIGNALS
from harness.platforms.platform import Signal
from harness.platforms.shared.absence import readings
from harness.platforms.shared.answer import Answer, pages
from harness.platforms.shared.periods import touches, utc, whole
from harness.platforms.shared.rest import Rest

HOST = "https://monitoring.googleapis.com"
PERIOD_S = 60


KEPT_APART = {  # labels whose values stay series of their own
    "run.googleapis.com/request_count": "metric.labels.response_code_class",
    "run.googleapis.com/container/instance_count": "metric.labels.state",
}


class CloudMonitoring:
    """Each metric is one series, or one a value of its label."""

    kind = "cloud-monitoring"
    verified = "spec only"
    settle_s = 300.0
    keeps_s = 42 * 86_400.0  # six weeks of what a minute holds; unconfirmed

    def __init__(self, api: Rest, project: str, service: str, region: str) -> None:
        self._api, self._project = api, project
        self._where = f'resource.labels.service_name = "{service}" AND resource.labels.location = "{region}"'

    def read(self, window: Window) -> list[Reading]:
        out: list[Reading] = []
        for signal in SIGNALS:
            asked = self._question(signal.metric, window)
            query = json.dumps(asked, sort_keys=True)
            make = partial(self._one, signal, asked, query, window)
            out += readings([signal.metric], query, self.kind, make)
        return out

    def raw(self) -> list[dict[str, Any]]:
        """Without the project, which names an account."""
        kept = json.loads(json.dumps(self._api.take()).replace(self._project, "PROJECT"))
        return list(kept)

    def _question(self, series: str, window: Window) -> dict[str, Any]:
        """What revisions have of one series is added up, but for percentiles, of which the largest stands for all."""
        name, aligner = series.split()
        start, end = whole(window, PERIOD_S)
        return {
            "filter": f'metric.type = "{name}" AND resource.type = "cloud_run_revision" AND {self._where}',
            "interval.startTime": utc(start),
            "interval.endTime": utc(end),
            "aggregation.alignmentPeriod": f"{PERIOD_S}s",
            "aggregation.perSeriesAligner": aligner,
            "aggregation.crossSeriesReducer": "REDUCE_MAX" if "PERCENTILE" in aligner else "REDUCE_SUM",
            **({"aggregation.groupByFields": KEPT_APART[name]} if name in KEPT_APART else {}),
        }

    def _one(self, signal: Signal, asked: dict[str, Any], query: str, window: Window) -> list[Reading]:
        path = f"/v3/projects/{self._project}/timeSeries"
        found: dict[str, dict[float, float]] = {}
        for page in pages(lambda **p: self._api.get(path, p), asked, "pageToken", "nextPageToken"):
            for series in page["timeSeries"].rows():
                points = found.setdefault(_label(series), {})
                points |= dict(_points(series, window))
        out: list[Reading] = [
            Series(f"{signal.metric}{label}", signal.unit, tuple(sorted(points.items())), query, self.kind)
            for label, points in sorted(found.items())
            if points
        ]
        return out or [Absent(signal.metric, NoPoint(), query, self.kind)]


def _points(series: Answer, window: Window) -> list[tuple[float, float]]:
    out = []
    for point in series["points"].rows():
        at = point["interval"]["endTime"].moment() - PERIOD_S
        said = [point["value"][name] for name in ("doubleValue", "int64Value") if point["value"][name].given]
        value = said[0].figure() if said else None  # a double may be the text "NaN"
        if value is not None and touches(window, at, PERIOD_S):
            out.append((at, value))
    return out


def _label(series: Answer) -> str:
    labels = series["metric"]["labels"].fields()
    return "".join(f' {k}="{v.text()}"' for k, v in sorted(labels.items()))
