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
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from harness.domain.reading import Absent, Reading, Series, Window
from harness.domain.reasons.reading import NoResult, NotAnswered, NothingPublished
from harness.platforms.shared.absence import readings
from harness.platforms.shared.answer import Answer, pages, printable
from harness.platforms.shared.recorded import taken

MOST_QUERIES = 500  # a call
MINUTE, FIVE_MINUTES, HOUR = 60, 300, 3600
DAY_S = 86_400.0


class MetricApi(Protocol):
    """The one call of a CloudWatch client that is used."""

    def get_metric_data(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: ANN401


@dataclass(frozen=True)
class Metric:
    """One series: ``statistic`` as CloudWatch names it, ``unit`` of the values as they come."""

    namespace: str
    name: str
    statistic: str
    unit: str

    @property
    def label(self) -> str:
        return f"{self.name} {self.statistic}"


@dataclass(frozen=True)
class Subject:
    """What a set of metrics is read of: its dimensions, all of them, for CloudWatch matches exactly."""

    metrics: tuple[Metric, ...]
    dimensions: Mapping[str, str]


def _set(namespace: str, *rows: tuple[str, str, str]) -> tuple[Metric, ...]:
    return tuple(Metric(namespace, name, statistic, unit) for name, statistic, unit in rows)


LAMBDA = _set(
    "AWS/Lambda",
    ("Invocations", "Sum", "count"),
    ("Errors", "Sum", "count"),
    ("Throttles", "Sum", "count"),
    ("Duration", "Average", "ms"),
    ("Duration", "p95", "ms"),
    ("ConcurrentExecutions", "Maximum", "count"),
    ("ProvisionedConcurrencyInvocations", "Sum", "count"),
    ("ProvisionedConcurrencySpilloverInvocations", "Sum", "count"),
    ("ProvisionedConcurrencyUtilization", "Maximum", "share"),
)
LAMBDA_ACCOUNT = _set(  # of the whole account and region: published without dimensions
    "AWS/Lambda",
    ("UnreservedConcurrentExecutions", "Maximum", "count"),
    ("ClaimedAccountConcurrency", "Maximum", "count"),
)
LAMBDA_URL = _set(
    "AWS/Lambda",
    ("UrlRequestCount", "Sum", "count"),
    ("Url4xxCount", "Sum", "count"),
    ("Url5xxCount", "Sum", "count"),
    ("UrlRequestLatency", "p95", "ms"),
)
REST_API = _set(
    "AWS/ApiGateway",
    ("Count", "Sum", "count"),
    ("4XXError", "Sum", "count"),
    ("5XXError", "Sum", "count"),
    ("Latency", "p95", "ms"),
    ("IntegrationLatency", "p95", "ms"),
)
HTTP_API = _set(
    "AWS/ApiGateway",
    ("Count", "Sum", "count"),
    ("4xx", "Sum", "count"),
    ("5xx", "Sum", "count"),
    ("Latency", "p95", "ms"),
    ("IntegrationLatency", "p95", "ms"),
    ("DataProcessed", "Sum", "bytes"),
)
LOAD_BALANCER = _set(
    "AWS/ApplicationELB",
    ("RequestCount", "Sum", "count"),
    ("TargetResponseTime", "p95", "s"),
    ("HTTPCode_Target_5XX_Count", "Sum", "count"),
    ("HTTPCode_ELB_502_Count", "Sum", "count"),
    ("HTTPCode_ELB_503_Count", "Sum", "count"),
    ("HTTPCode_ELB_504_Count", "Sum", "count"),
    ("RejectedConnectionCount", "Sum", "count"),
    ("ProcessedBytes", "Sum", "bytes"),
    ("ConsumedLCUs", "Sum", "LCU"),
)
ECS = _set("AWS/ECS", ("CPUUtilization", "Average", "percent"), ("MemoryUtilization", "Average", "percent"))
CONTAINER_INSIGHTS = _set(
    "ECS/ContainerInsights",
    ("RunningTaskCount", "Average", "count"),
    ("DesiredTaskCount", "Average", "count"),
    ("PendingTaskCount", "Maximum", "count"),
    ("CpuUtilized", "Average", "CPU units"),
    ("MemoryUtilized", "Average", "MB"),
)
BEDROCK = _set(
    "AWS/Bedrock",
    ("Invocations", "Sum", "count"),
    ("InvocationLatency", "p95", "ms"),
    ("TimeToFirstToken", "p95", "ms"),
    ("InvocationThrottles", "Sum", "count"),
    ("InvocationClientErrors", "Sum", "count"),
    ("InvocationServerErrors", "Sum", "count"),
    ("InputTokenCount", "Sum", "tokens"),
    ("OutputTokenCount", "Sum", "tokens"),
    ("EstimatedTPMQuotaUsage", "Maximum", "tokens/min"),
)
SAGEMAKER = _set(
    "AWS/SageMaker",
    ("Invocations", "Sum", "count"),
    ("OverheadLatency", "p95", "us"),
    ("ModelLatency", "p95", "us"),
    ("ModelLatency", "Sum", "us"),
    ("ModelSetupTime", "p95", "us"),
    ("Invocation4XXErrors", "Sum", "count"),
    ("Invocation5XXErrors", "Sum", "count"),
)
USAGE_CALLS = _set("AWS/Usage", ("CallCount", "Sum", "count"))
USAGE_RESOURCES = _set("AWS/Usage", ("ResourceCount", "Maximum", "count"))
AOSS = _set("AWS/AOSS", ("SearchOCU", "Maximum", "OCU"), ("IndexingOCU", "Maximum", "OCU"))

ALL_SETS = (
    *(LAMBDA, LAMBDA_ACCOUNT, USAGE_CALLS, USAGE_RESOURCES),
    *(LAMBDA_URL, REST_API, HTTP_API, LOAD_BALANCER),
    *(ECS, CONTAINER_INSIGHTS, BEDROCK, SAGEMAKER, AOSS),
)


class CloudWatch:
    """Every metric of every subject in as few calls as the API allows."""

    kind = "cloudwatch"
    verified = "spec only"
    settle_s = 900.0
    keeps_s = 15 * DAY_S  # of its minute points

    def __init__(
        self,
        api: MetricApi,
        subjects: Sequence[Subject],
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._wanted = [(metric, dict(s.dimensions)) for s in subjects for metric in s.metrics]
        self._now = now
        self._sleep = sleep

    def read(self, window: Window) -> list[Reading]:
        """Whole periods that cover the window; points outside of it are dropped."""
        period = period_of(self._now() - window.start_unix_s)
        out: list[Reading] = []
        for first in range(0, len(self._wanted), MOST_QUERIES):
            out += self._batch(self._wanted[first : first + MOST_QUERIES], window, period)
        return out

    def raw(self) -> list[dict[str, Any]]:
        return taken(self._api)

    def _batch(self, wanted: Sequence[tuple[Metric, dict[str, str]]], window: Window, period: int) -> list[Reading]:
        queries = [_query(k, metric, dimensions, period) for k, (metric, dimensions) in enumerate(wanted)]
        request = {
            "MetricDataQueries": queries,
            "StartTime": datetime.fromtimestamp(math.floor(window.start_unix_s / period) * period, UTC),
            "EndTime": datetime.fromtimestamp(math.ceil(window.end_unix_s / period) * period, UTC),
            "ScanBy": "TimestampAscending",
        }
        results = self._results(request)
        out: list[Reading] = []
        for (metric, _), query in zip(wanted, queries, strict=True):
            said = json.dumps(query, sort_keys=True)
            make = partial(self._one, metric, said, results, query["Id"], window, period)
            out += readings([_name(metric)], said, self.kind, make)
        return out

    def _results(self, request: dict[str, Any]) -> dict[str, list[Answer]] | Exception:
        """By query id, over every page; or what broke off the reading, for each metric to say."""
        found: dict[str, list[Answer]] = {}
        try:
            for page in pages(self._api.get_metric_data, request, "NextToken", "NextToken", self._sleep):
                for result in page["MetricDataResults"].rows():
                    found.setdefault(result["Id"].text(), []).append(result)
        except Exception as error:  # noqa: BLE001 - raised again for each metric, and caught there
            return error
        return found

    def _one(
        self,
        metric: Metric,
        said: str,
        found: dict[str, list[Answer]] | Exception,
        number: str,
        window: Window,
        period: int,
    ) -> list[Reading]:
        """One metric, whose points may be spread over several pages; the last one's status counts."""
        if isinstance(found, Exception):
            raise found
        name, results = _name(metric), found.get(number)
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
        return [Series(name, metric.unit, tuple(inside), said, self.kind)]


def period_of(age_s: float) -> int:
    """The finest period, in seconds, that CloudWatch still keeps for points of this age."""
    if age_s < 15 * DAY_S:
        return MINUTE
    return FIVE_MINUTES if age_s < 63 * DAY_S else HOUR


def _name(metric: Metric) -> str:
    return f"{metric.namespace} {metric.label}"


def _points(result: Answer) -> dict[float, float]:
    stamps, values = result["Timestamps"].rows(), result["Values"].rows()
    if len(stamps) != len(values):
        raise result["Values"].unlike(f"{len(stamps)} values, as there are timestamps,")
    return {at.moment(): value.number() for at, value in zip(stamps, values, strict=True)}


def _messages(result: Answer) -> list[str]:
    return [str(m["Value"].value or m["Code"].value) for m in result["Messages"].rows()]


def _query(number: int, metric: Metric, dimensions: Mapping[str, str], period: int) -> dict[str, Any]:
    return {
        "Id": f"m{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            },
            "Period": period,
            "Stat": metric.statistic,
        },
        "ReturnData": True,
    }
