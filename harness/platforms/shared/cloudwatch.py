"""CloudWatch's GetMetricData as a metric source.

Verified: spec only; requests and answers are held to botocore's service model in the
tests. What the API does that one must know: results come newest first and in pages,
one metric's points may be spread over several; minute points are kept for 15 days,
5-minute points for 63; a window older than that is answered in the coarser period.
CloudWatch writes no point where nothing happened, so an empty series is an absence,
never a zero.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from harness.domain.reading import Absent, Reading, Series, Window
from harness.domain.reasons.reading import NoResult, NotAnswered, NothingPublished
from harness.platforms.platform import Signal
from harness.platforms.shared.absence import readings
from harness.platforms.shared.answer import Answer, pages, printable
from harness.platforms.shared.recorded import taken

MOST_QUERIES = 500  # a call
MINUTE, FIVE_MINUTES, HOUR = 60, 300, 3600
DAY_S = 86_400.0


class MetricApi(Protocol):
    """The one call of a CloudWatch client that is used."""

    def get_metric_data(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: ANN401


class CloudWatch:
    """Every series of every subject, which all of its dimensions name, in as few calls as the API allows."""

    kind = "cloudwatch"
    verified = "spec only"
    settle_s = 900.0
    keeps_s = 15 * DAY_S  # of its minute points

    def __init__(
        self,
        api: MetricApi,
        subjects: Sequence[tuple[Sequence[Signal], Mapping[str, str]]],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._api = api
        self._wanted = [(signal, dict(dimensions)) for signals, dimensions in subjects for signal in signals]
        self._now = now

    def read(self, window: Window) -> list[Reading]:
        """Whole periods that cover the window; points outside of it are dropped."""
        period = period_of(self._now() - window.start_unix_s)
        out: list[Reading] = []
        for first in range(0, len(self._wanted), MOST_QUERIES):
            out += self._batch(self._wanted[first : first + MOST_QUERIES], window, period)
        return out

    def raw(self) -> list[dict[str, Any]]:
        return taken(self._api)

    def _batch(self, wanted: Sequence[tuple[Signal, dict[str, str]]], window: Window, period: int) -> list[Reading]:
        queries = [_query(k, signal.metric, dimensions, period) for k, (signal, dimensions) in enumerate(wanted)]
        request = {
            "MetricDataQueries": queries,
            "StartTime": datetime.fromtimestamp(math.floor(window.start_unix_s / period) * period, UTC),
            "EndTime": datetime.fromtimestamp(math.ceil(window.end_unix_s / period) * period, UTC),
            "ScanBy": "TimestampAscending",
        }
        results = self._results(request)
        out: list[Reading] = []
        for (signal, _), query in zip(wanted, queries, strict=True):
            said = json.dumps(query, sort_keys=True)
            make = partial(self._one, signal, said, results, query["Id"], window, period)
            out += readings([signal.metric], said, self.kind, make)
        return out

    def _results(self, request: dict[str, Any]) -> dict[str, list[Answer]] | Exception:
        """By query id, over every page; or what broke off the reading, for each metric to say."""
        found: dict[str, list[Answer]] = {}
        try:
            for page in pages(self._api.get_metric_data, request, "NextToken", "NextToken"):
                for result in page["MetricDataResults"].rows():
                    found.setdefault(result["Id"].text(), []).append(result)
        except Exception as error:  # noqa: BLE001 - raised again for each metric, and caught there
            return error
        return found

    def _one(
        self,
        signal: Signal,
        said: str,
        found: dict[str, list[Answer]] | Exception,
        number: str,
        window: Window,
        period: int,
    ) -> list[Reading]:
        """One metric, whose points may be spread over several pages; the last one's status counts."""
        if isinstance(found, Exception):
            raise found
        name, results = signal.metric, found.get(number)
        if not results:
            return [Absent(name, NoResult(), said, self.kind)]
        status = results[-1]["StatusCode"]
        if status.given and status.text() not in ("Complete", ""):
            words = "; ".join(dict.fromkeys(w for result in results for w in _messages(result)))
            why = printable(f"{status.text()}{f': {words}' if words else ''}")
            return [Absent(name, NotAnswered(why), said, self.kind, failed=True)]
        points: dict[float, float] = {}
        for result in results:
            points |= _points(result)
        inside = sorted(p for p in points.items() if p[0] + period > window.start_unix_s and p[0] < window.end_unix_s)
        if not inside:
            return [Absent(name, NothingPublished(), said, self.kind)]
        return [Series(name, signal.unit, tuple(inside), said, self.kind)]


def period_of(age_s: float) -> int:
    """The finest period, in seconds, that CloudWatch still keeps for points of this age."""
    if age_s < 15 * DAY_S:
        return MINUTE
    return FIVE_MINUTES if age_s < 63 * DAY_S else HOUR


def _points(result: Answer) -> dict[float, float]:
    stamps, values = result["Timestamps"].rows(), result["Values"].rows()
    if len(stamps) != len(values):
        raise result["Values"].unlike(f"{len(stamps)} values, as there are timestamps,")
    return {at.moment(): value.number() for at, value in zip(stamps, values, strict=True)}


def _messages(result: Answer) -> list[str]:
    return [str(m["Value"].value or m["Code"].value) for m in result["Messages"].rows()]


def _query(number: int, series: str, dimensions: Mapping[str, str], period: int) -> dict[str, Any]:
    namespace, name, statistic = series.split(" ")
    return {
        "Id": f"m{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            },
            "Period": period,
            "Stat": statistic,
        },
        "ReturnData": True,
    }
