"""One rig a source: the source over a scripted service, and the service's answers in its own words."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime

import boto3
import httpx
from botocore.stub import Stubber

from harness.domain.reading import Window
from harness.local.journal import report_line
from harness.platforms.aws_lambda.insights import LambdaInsights
from harness.platforms.aws_lambda.logs import LambdaLogs
from harness.platforms.azure_container_apps import SIGNALS as CONTAINER_APP
from harness.platforms.cloud_run.monitoring import CloudMonitoring
from harness.platforms.cloud_run.readings import SIGNALS as GOOGLE
from harness.platforms.platform import Measure, Signal
from harness.platforms.shared.azure_monitor import AzureMonitor
from harness.platforms.shared.cloudwatch import CloudWatch
from harness.platforms.shared.prometheus import Prometheus
from harness.platforms.shared.prometheus_sets import Query
from harness.platforms.shared.recorded import Recorded
from harness.platforms.shared.rest import Rest

START = datetime(2026, 11, 20, 9, 0, 30, tzinfo=UTC).timestamp()
WINDOW = Window(START, START + 120)
KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "planted-secret", "region_name": "us-east-1"}
ONE = (Signal("AWS/Lambda Invocations Sum", "cloudwatch", Measure.REQUESTS, "count", "invocations"),)


def at(seconds):
    return datetime.fromtimestamp(START + seconds, UTC)


class AwsRig:
    """Over botocore's own model of requests and answers."""

    service: str
    method: str
    pages = True

    def __init__(self) -> None:
        self.client = boto3.client(self.service, **KEYS)
        self.stub = Stubber(self.client)
        self.source = self.make(Recorded(self.client))

    def ok(self, values, token=None):
        self.stub.add_response(self.method, self.page(values, token))
        return self

    def refuse(self, code, times=1):
        for _ in range(times):
            self.stub.add_client_error(self.method, code, "words of the service")
        return self

    def read(self):
        with self.stub:
            found = self.source.read(WINDOW)
        self.stub.assert_no_pending_responses()
        return found


class CloudWatchRig(AwsRig):
    """GetMetricData of one metric; values by seconds from the window's start."""

    method, service = "get_metric_data", "cloudwatch"

    def make(self, api):
        return CloudWatch(api, [(ONE, {"FunctionName": "chat"})], now=lambda: START + 3600)

    def page(self, values, token=None):
        result = {"Id": "m0", "StatusCode": "PartialData" if token else "Complete"}
        result |= {"Timestamps": [at(s) for s in values], "Values": list(values.values())}
        return {"MetricDataResults": [result], **({"NextToken": token} if token else {})}


class LambdaLogsRig(AwsRig):
    """FilterLogEvents; a value is an invocation's duration."""

    method, service = "filter_log_events", "logs"

    def make(self, api):
        return LambdaLogs(api, "/aws/lambda/chat")

    def page(self, values, token=None):
        events = [
            {
                "eventId": f"e{s}",
                "logStreamName": "s",
                "timestamp": int((START + s) * 1000),
                "message": report_line(f"r{s}", value, 512, 90, None),
            }
            for s, value in values.items()
        ]
        return {"events": events, **({"nextToken": token} if token else {})}


class LambdaInsightsRig(AwsRig):
    """StartQuery and GetQueryResults; a value is an invocation's duration."""

    method, service, pages = "start_query", "logs", False

    def make(self, api):
        return LambdaInsights(api, "/aws/lambda/chat", sleep=lambda _: None)

    def ok(self, values, token=None, status="Complete"):
        self.stub.add_response("start_query", {"queryId": "q"})
        self.stub.add_response("get_query_results", {"status": "Running"})
        self.stub.add_response("get_query_results", {"status": status, "results": self.rows(values)})
        return self

    def rows(self, values):
        return [
            [
                {"field": "@timestamp", "value": f"{at(s):%Y-%m-%d %H:%M:%S}.000"},
                {"field": "@message", "value": report_line(f"r{s}", value, 512, 90, None)},
                {"field": "@ptr", "value": f"p{s}"},
            ]
            for s, value in values.items()
        ]


class PrometheusRig:
    """query_range of one query, over HTTP."""

    pages = False

    def __init__(self) -> None:
        self._script: deque[httpx.Response] = deque()
        self.source = Prometheus(
            "http://prometheus",
            {"up": Query("up", "count")},
            headers={"Authorization": "planted-secret"},
            transport=httpx.MockTransport(lambda request: self._script.popleft()),
        )

    def ok(self, values, token=None):
        found = [
            {"metric": {"__name__": "up", "job": "chat"}, "values": [[START + s, str(v)] for s, v in values.items()]}
        ]
        data = {"resultType": "matrix", "result": found if values else []}
        return self._then(200, {"status": "success", "data": data})

    def refuse(self, code, times=1):
        for _ in range(times):
            self._then(400, {"status": "error", "errorType": code, "error": f"{code}: words of the service"})
        return self

    def _then(self, status, body):
        self._script.append(httpx.Response(status, text=json.dumps(body)))
        return self

    def read(self):
        found = self.source.read(WINDOW)
        assert not self._script
        return found


class RestRig:
    """Over a platform's REST API; a page is an answer of one question, and the others hold nothing."""

    pages = False

    def __init__(self) -> None:
        self._script: deque[httpx.Response] = deque()
        token = Planted()
        self.source = self.make(Rest("http://cloud", token, transport=httpx.MockTransport(self._answer)))

    def _answer(self, request):
        assert request.headers["authorization"] == "Bearer planted-secret"
        return self._script.popleft() if self._script else httpx.Response(200, json=self.nothing(request))

    def ok(self, values, token=None):
        return self._then(200, self.page(values, token))

    def refuse(self, code, times=1):
        for _ in range(times * self.questions):
            self._then(403, {"error": {"code": 403, "status": code, "message": "words of the service"}})
        return self

    def _then(self, status, body):
        self._script.append(httpx.Response(status, json=body))
        return self

    def read(self):
        found = self.source.read(WINDOW)
        assert not self._script
        return found


class Planted:
    """A token that must stand in nothing that is kept."""

    def renew(self):
        return 60.0

    def headers(self, method, url, body, content_type):
        return {"Authorization": "Bearer planted-secret"}


class CloudMonitoringRig(RestRig):
    """projects.timeSeries.list; the first question is request_count."""

    pages, questions = True, len(GOOGLE)

    def make(self, api):
        return CloudMonitoring(api, "AKIDEXAMPLE-project", "chat", "europe-west1")

    def nothing(self, request):
        assert request.url.path == "/v3/projects/AKIDEXAMPLE-project/timeSeries"
        return {"unit": "1"}

    def page(self, values, token=None):
        points = [
            {
                "interval": {"startTime": f"{at(s):%Y-%m-%dT%H:%M:%SZ}", "endTime": f"{at(s + 60):%Y-%m-%dT%H:%M:%SZ}"},
                "value": {"doubleValue": v},
            }
            for s, v in sorted(values.items(), reverse=True)
        ]
        series = {"metric": {"type": "run.googleapis.com/request_count", "labels": {"response_code_class": "2xx"}}}
        made = (
            {"timeSeries": [{**series, "metricKind": "DELTA", "valueType": "DOUBLE", "points": points}]}
            if values
            else {}
        )
        return {**made, **({"nextPageToken": token} if token else {})}


class AzureMonitorRig(RestRig):
    """Metrics - List of a container app; the first question is of averages."""

    questions = len({s.metric.split()[1] for s in CONTAINER_APP})

    def make(self, api):
        resource = "/subscriptions/AKIDEXAMPLE/resourceGroups/rag/providers/Microsoft.App/containerApps/chat"
        return AzureMonitor(api, resource, CONTAINER_APP)

    def nothing(self, request):
        names = request.url.params["metricnames"].split(",")
        return {"value": [self.metric(name, []) for name in names]}

    def metric(self, name, data):
        said = {"name": {"value": name, "localizedValue": name}, "unit": "Count", "errorCode": "Success"}
        return {**said, "timeseries": [{"metadatavalues": [], "data": data}]}

    def page(self, values, token=None):
        data = [{"timeStamp": f"{at(s):%Y-%m-%dT%H:%M:%SZ}", "average": v} for s, v in values.items()]
        data.append({"timeStamp": f"{at(0):%Y-%m-%dT%H:%M:%SZ}"})  # a minute without data has no value
        names = [s.metric.split()[0] for s in CONTAINER_APP if s.metric.endswith(" average")]
        return {"value": [self.metric(name, data if name == "Replicas" else []) for name in names]}


RIGS = (CloudWatchRig, LambdaLogsRig, LambdaInsightsRig, PrometheusRig, CloudMonitoringRig, AzureMonitorRig)
