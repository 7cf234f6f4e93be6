"""Clouds that answer any window in their own words: real sources over recorded clients, held to what providers publish."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs

import boto3
import httpx
import pyarrow.parquet as pq
from botocore.validate import validate_parameters

from harness.local.journal import report_line
from harness.platforms.aws_lambda.logs import LambdaLogs
from harness.platforms.azure_container_apps import SIGNALS as CONTAINER_APP
from harness.platforms.cloud_run.monitoring import CloudMonitoring
from harness.platforms.cloud_run.readings import SIGNALS
from harness.platforms.registry import asked_of, source_of
from harness.platforms.shared.azure_monitor import AzureMonitor
from harness.platforms.shared.cloudwatch import CloudWatch
from harness.platforms.shared.prometheus import Prometheus
from harness.platforms.shared.prometheus_sets import queries_of
from harness.platforms.shared.recorded import Recorded
from harness.platforms.shared.rest import Rest
from tests.platforms.shared.rigs import KEYS
from tests.published import held_to_google

MINUTE = 60


def minutes(start_unix_s, end_unix_s):
    """Those that the window touches, by their beginning."""
    return range(int(start_unix_s // MINUTE) * MINUTE, int(end_unix_s), MINUTE)


def utc(unix_s):
    return datetime.fromtimestamp(unix_s, UTC)


class Metrics:
    """GetMetricData: every metric has a point a minute, those of ``values`` these, any other a 1; ``empty`` ones none."""

    def __init__(self, values=(), empty=()):
        self._values, self._empty = dict(values), set(empty)
        model = boto3.client("cloudwatch", **KEYS).meta.service_model.operation_model("GetMetricData")
        self._asked, self._answered = model.input_shape, model.output_shape

    def get_metric_data(self, **request):
        validate_parameters(request, self._asked)
        stamps = [utc(s) for s in minutes(request["StartTime"].timestamp(), request["EndTime"].timestamp())]
        answer = {"MetricDataResults": [self._result(q, stamps) for q in request["MetricDataQueries"]]}
        validate_parameters(answer, self._answered)
        return answer

    def _result(self, query, stamps):
        name = query["MetricStat"]["Metric"]["MetricName"]
        mine = [] if name in self._empty else stamps
        values = [float(self._values.get(name, 1.0))] * len(mine)
        return {"Id": query["Id"], "StatusCode": "Complete", "Timestamps": mine, "Values": values}


class Logs:
    """FilterLogEvents: a REPORT line of each request that the runs' samples say was taken."""

    def __init__(self, evidence, target):
        self._evidence, self._target = evidence, target

    def filter_log_events(self, **request):
        events = []
        for path in sorted(self._evidence.rglob("run.json")):
            began = datetime.fromisoformat(json.loads(path.read_text())["started_utc"]).timestamp()
            if not path.parent.name.endswith(self._target) or not self._inside(request, began):
                continue
            for row in pq.read_table(path.parent / "samples.parquet").to_pylist():
                if row["platform_request_id"]:
                    took_ms = (row["finished_s"] - row["sent_s"]) * 1e3 - 5
                    init_ms = 310.0 if row["seq"] == 0 else None
                    line = report_line(row["platform_request_id"], took_ms, 1769, 212, init_ms)
                    stamp = int((began + row["sent_s"]) * 1000)
                    events.append({"eventId": f"{began}{row['seq']}", "timestamp": stamp, "message": line})
        return {"events": events}

    @staticmethod
    def _inside(request, began):
        return request["startTime"] <= began * 1000 < request["endTime"]


def prometheus(options, values):
    """A server that has every name of the ready sets, and a team's own with two labels."""
    queries = queries_of(options)
    by_text = {q.promql: name for name, q in queries.items()}

    def answer(request):
        asked = {k: v[0] for k, v in parse_qs(request.content.decode()).items()}
        name = by_text[asked["query"]]
        stamps = range(int(asked["start"]), int(asked["end"]) + 1, int(asked["step"]))
        points = [[s, str(values.get(name, 1.0))] for s in stamps]
        labels = [{}] if "." in name else [{"pod": "a"}, {"pod": "b"}]
        result = [{"metric": one, "values": points} for one in labels]
        return httpx.Response(
            200, json={"status": "success", "data": {"resultType": "matrix", "result": result if points else []}}
        )

    return Prometheus(options["url"], queries, step_s=options["step_s"], transport=httpx.MockTransport(answer))


def cloud_monitoring(options, values):
    """A service whose requests came in two classes and whose instances are active or idle."""
    from google.cloud import monitoring_v3  # a third of a second, in every worker that reads this file

    labels = {
        "metric.labels.response_code_class": [{"response_code_class": "2xx"}, {"response_code_class": "4xx"}],
        "metric.labels.state": [{"state": "active"}, {"state": "idle"}],
    }

    def answer(request):
        asked = request.url.params
        [metric] = [m for m in {s.metric.split()[0] for s in SIGNALS} if f'"{m}"' in asked["filter"]]
        first, last = (datetime.fromisoformat(asked[f"interval.{k}"]).timestamp() for k in ("startTime", "endTime"))
        points = [
            {
                "interval": {
                    "startTime": f"{utc(s):%Y-%m-%dT%H:%M:%SZ}",
                    "endTime": f"{utc(s + 60):%Y-%m-%dT%H:%M:%SZ}",
                },
                "value": {"doubleValue": values.get(metric.removeprefix("run.googleapis.com/"), 1.0)},
            }
            for s in minutes(first, last)
        ]
        named = labels.get(asked.get("aggregation.groupByFields"), [{}])
        kind = {"metricKind": "DELTA", "valueType": "DOUBLE", "points": points}
        page = {"timeSeries": [{"metric": {"type": metric, "labels": n}, **kind} for n in named]}
        held_to_google(monitoring_v3.ListTimeSeriesResponse, page)
        return httpx.Response(200, json=page)

    api = Rest("http://cloud", transport=httpx.MockTransport(answer))
    return CloudMonitoring(api, options["project"], options["service"], options["region"])


def azure_monitor(options, values):
    """An app of which every minute has a value, but for the metrics that ``values`` has None of."""

    def answer(request):
        asked = request.url.params
        first, last = (datetime.fromisoformat(at).timestamp() for at in asked["timespan"].split("/"))
        value = []
        for name in asked["metricnames"].split(","):
            data = [{"timeStamp": f"{utc(s):%Y-%m-%dT%H:%M:%SZ}"} for s in minutes(first, last)]
            if (figure := values.get(name, 1.0)) is not None:
                data = [{**point, asked["aggregation"]: figure} for point in data]
            said = {"name": {"value": name, "localizedValue": name}, "unit": "Count", "errorCode": "Success"}
            value.append({**said, "timeseries": [{"metadatavalues": [], "data": data}]})
        return httpx.Response(200, json={"value": value})

    resource = f"/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/{options['container_app']}"
    return AzureMonitor(Rest("http://cloud", transport=httpx.MockTransport(answer)), resource, CONTAINER_APP)


def source(config, evidence, values, now):
    """What ``collect`` makes of a [[sources]] table, over what was recorded."""
    told = config.options
    match config.kind:
        case "cloudwatch":
            api = Recorded(Metrics(values, empty={"Url5xxCount"}))
            return CloudWatch(api, asked_of("cloudwatch", told), now=now)
        case "lambda-logs":
            return LambdaLogs(Recorded(Logs(evidence, told["log_group"].rpartition("/")[2])), told["log_group"])
        case "prometheus":
            return prometheus(told, values)
        case "cloud-monitoring":
            return cloud_monitoring(told, values)
        case "azure-monitor":
            return azure_monitor(told, values)
    return source_of(config)
