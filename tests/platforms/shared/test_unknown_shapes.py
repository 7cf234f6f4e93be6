"""Whatever a service answers, a source says what it is or why it cannot tell: never a traceback, never an odd number."""

from __future__ import annotations

import copy
import json
import math
from datetime import date
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.domain.reading import Absent, Series
from harness.errors import PilotError
from harness.evidence.files import dump, write_text
from harness.platforms.aws_lambda.insights import LambdaInsights
from harness.platforms.aws_lambda.logs import LambdaLogs
from harness.platforms.azure_container_apps import SIGNALS as CONTAINER_APP
from harness.platforms.cloud_run.monitoring import CloudMonitoring
from harness.platforms.shared.absence import ask
from harness.platforms.shared.aws_prices import aws_price
from harness.platforms.shared.azure_monitor import AzureMonitor
from harness.platforms.shared.azure_prices import azure_price
from harness.platforms.shared.cloudwatch import CloudWatch
from harness.platforms.shared.cost_explorer import CostExplorer
from harness.platforms.shared.google_prices import GoogleCatalogue
from harness.platforms.shared.local_logs import LocalLogs
from harness.platforms.shared.otlp_traces import OtlpTraces
from harness.platforms.shared.prometheus import Prometheus
from harness.platforms.shared.prometheus_sets import Query
from harness.platforms.shared.recorded import Recorded
from harness.platforms.shared.rest import Rest
from harness.words import said
from tests.platforms.shared.rigs import ONE, START, WINDOW, AzureMonitorRig, CloudMonitoringRig, LambdaInsightsRig, at

ODD = (
    *(None, True, "", "x", "NaN", "-Infinity", "\ud800", "a\u2028b", "9" * 400, "2026-13-45T99:99:99Z", "0001-01-01"),
    *(0, -1, 10**400, -(10**400), 1e308, 5e-324, math.nan, math.inf, [], [None], [[]], [1, 2, 3], {}, {"a": None}),
)


def places(tree, path=()):
    """Every place of a tree, the root first."""
    yield path
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inside:
        yield from places(value, (*path, key))


@st.composite
def mutated(draw, tree):
    """The same with one to three values that were replaced, or fields that are gone."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(places(tree)))) or (None,)
        if last is None:
            return draw(st.sampled_from(ODD))
        parent = tree
        for key in way:
            parent = parent[key]
        if draw(st.booleans()):
            parent[last] = copy.deepcopy(draw(st.sampled_from(ODD)))
        else:
            del parent[last]
        if not isinstance(tree, dict | list) or not list(places(tree))[1:]:
            break
    return tree


class Says:
    """A client, or a platform's REST API, whose every method answers from a script, then with nothing."""

    def __init__(self, *answers) -> None:
        self.left = list(answers)

    def _next(self, *_, **__):
        return self.left.pop(0) if self.left else {}

    get = filter_log_events = get_metric_data = get_cost_and_usage = get_products = _next
    start_query = get_query_results = list_cost_allocation_tags = _next

    def take(self):
        return []


def plain(tree):
    """As JSON has it, times as text."""
    return json.loads(json.dumps(tree, default=str))


def metric_page():
    result = {"Id": "m0", "StatusCode": "Complete", "Label": "x", "Timestamps": [at(0), at(60)], "Values": [1.0, 2.0]}
    return {"MetricDataResults": [{**result, "Messages": [{"Code": "c", "Value": "v"}]}], "NextToken": "t"}


def log_page():
    record = {
        "requestId": "r",
        "status": "success",
        "metrics": {"durationMs": 1.5, "billedDurationMs": 2, "memorySizeMB": 128, "maxMemoryUsedMB": 30},
    }
    report = {"time": "2026-11-20T09:00:40.000Z", "type": "platform.report", "record": record}
    init = {"phase": "init", "status": "error", "metrics": {"durationMs": 1.5}}
    return [report, {"type": "platform.initReport", "record": init}]


def events(messages):
    stamp = int((START + 5) * 1000)
    return {"events": [{"eventId": f"e{k}", "timestamp": stamp, "message": m} for k, m in enumerate(messages)]}


def trace():
    span = {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "name": "chat",
        "startTimeUnixNano": str(int((START + 1) * 1e9)),
        "endTimeUnixNano": str(int((START + 2) * 1e9)),
        "attributes": [
            {"key": "http.request.header.x-request-id", "value": {"arrayValue": {"values": [{"stringValue": "r"}]}}},
            {"key": "empty", "value": {}},
        ],
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def matrix():
    values = [[START + 1, "1"], [START + 16, "NaN"]]
    native = [[START + 1, {"count": "2", "sum": "3", "buckets": [[0, "1", "2", "2"]]}]]
    series = {"metric": {"__name__": "up", "job": "chat"}, "values": values, "histograms": native}
    return {"status": "success", "warnings": [], "data": {"resultType": "matrix", "result": [series]}}


def prometheus(answer):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=json.dumps(answer)))
    return Prometheus("http://p", {"up": Query("up", "count")}, sleep=lambda _: None, transport=transport)


SERVICES = {
    "cloudwatch": (metric_page(), lambda a: CloudWatch(Recorded(Says(a)), [(ONE, {})], now=lambda: START + 60)),
    "lambda-logs": (events(["REPORT RequestId: r\tDuration: 1 ms"]), lambda a: LambdaLogs(Recorded(Says(a)), "g")),
    "lambda-insights": (
        {"status": "Complete", "results": LambdaInsightsRig.rows(None, {10: 3.0}), "statistics": {"bytesScanned": 1.0}},
        lambda a: LambdaInsights(Recorded(Says({"queryId": "q"}, a)), "g", sleep=lambda _: None, clock=lambda: 0.0),
    ),
    "cloud-monitoring": (
        plain(CloudMonitoringRig().page({10: 3.0}, "t")),
        lambda a: CloudMonitoring(Says(a), "project", "chat", "region"),
    ),
    "azure-monitor": (
        plain(AzureMonitorRig().page({10: 3.0})),
        lambda a: AzureMonitor(Says(a, a, a), "/r", CONTAINER_APP),
    ),
    "prometheus": (matrix(), prometheus),
}
MANY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def hold(source, folder: Path | None = None):
    """Its readings, each of which says something, can be kept, and is no fault of ours."""
    found = source.read(WINDOW)

    assert found
    for reading in found:
        if isinstance(reading, Series):
            assert reading.points or reading.metric == "throttle", "none refused is a series of none"
            assert all(math.isfinite(at) and math.isfinite(value) for at, value in reading.points)
        else:
            assert said(reading.reason)
            assert not said(reading.reason).startswith("unexpected")
    lines = source.lines(WINDOW) if hasattr(source, "lines") else []
    if folder is not None:
        write_text(folder / "kept.json", dump(found))
        write_text(folder / "kept.log", "".join(f"{line}\n" for line in lines))
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_the_answers_that_are_mutated_below_are_read_as_they_are(name):
    answer, make = SERVICES[name]
    found = make(answer).read(WINDOW)

    assert all(isinstance(r, Series) for r in found) or len({type(r) for r in found}) == 2 or name == "lambda-logs"


@pytest.mark.parametrize("name", SERVICES)
@MANY
@given(data=st.data())
def test_no_answer_of_a_service_ends_in_a_traceback(name, data, tmp_path_factory):
    answer, make = SERVICES[name]
    hold(make(data.draw(mutated(answer))), tmp_path_factory.getbasetemp())


@MANY
@given(data=st.data())
def test_no_log_line_ends_in_a_traceback(data):
    messages = [json.dumps(data.draw(mutated(event))) for event in log_page()]
    hold(LambdaLogs(Says(events(messages)), "g"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("records")


@MANY
@given(data=st.data())
def test_no_line_of_traces_ends_in_a_traceback(folder, data):
    path = folder / "traces.json"
    path.write_text(json.dumps(data.draw(mutated(trace()))) + "\n")
    hold(OtlpTraces(path))


@MANY
@given(data=st.data())
def test_no_row_of_the_embedded_platforms_figures_ends_in_a_traceback(folder, data):
    row = {"unix_s": START + 1, "instances": 1, "in_flight": 0, "queued": 0, "cpu_s": 0.5, "rss_mb": 80.0}
    (folder / "f.figures.jsonl").write_text(json.dumps(data.draw(mutated(row))) + "\n")
    (folder / "f.log").write_text("9999-12-31T23:59:59+00:00\tREPORT RequestId: r\n0001-01-01T00:00:00+14:00\tx\n")
    hold(LocalLogs(folder, "f", function=True))


@MANY
@given(data=st.data())
def test_no_bill_ends_in_a_traceback_or_as_a_day_without_cost(data):
    amounts = {
        name: {"Amount": "1.5", "Unit": "USD"} for name in ("UsageQuantity", "UnblendedCost", "NetUnblendedCost")
    }
    group = {"Keys": ["AWS Lambda", "Request"], "Metrics": amounts}
    answer = data.draw(mutated({"ResultsByTime": [{"Groups": [group], "Estimated": False}]}))
    day = CostExplorer(Recorded(Says(answer)), "pilot", ("rag",)).bill(date(2026, 11, 20))

    assert day.failed is None or (not day.failed.startswith("unexpected") and not day.lines and day.estimated)
    assert all(line.usd.is_finite() for line in day.lines)
    assert day.failed is None or day.raw or day.pages == 0


@MANY
@given(data=st.data())
def test_no_price_list_ends_in_anything_but_a_price_or_its_reason(data):
    dimension = {"beginRange": "0", "pricePerUnit": {"USD": "0.2"}}
    described = {"sku": "S", "attributes": {"usagetype": "USE1-Request"}}
    product = {"product": described, "terms": {"OnDemand": {"t": {"priceDimensions": {"d": dimension}}}}}
    text = json.dumps(data.draw(mutated(product)))
    answer = data.draw(st.sampled_from([{"PriceList": [text]}, data.draw(mutated({"PriceList": [text]}))]))
    item = {"meterId": "m", "unitOfMeasure": "1M", "tierMinimumUnits": 0.0, "retailPrice": 0.2}
    item |= dict.fromkeys(("productName", "skuName", "meterName"), "B2ms")
    page = data.draw(mutated({"Items": [item], "NextPageLink": None}))
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=json.dumps(page)))
    lookup = {"service": "s", "meter": "m"}

    for price in (
        lambda: aws_price(Says(answer), lookup, "us-east-1"),
        lambda: aws_price(Says(answer), {"service": "s", "usagetype": "Request"}, "us-east-1"),
        lambda: azure_price(lookup, "westeurope", transport),
        lambda: azure_price({"machine": "Standard_B2ms"}, "westeurope", transport),
    ):
        try:
            assert price().usd > 0
        except PilotError as error:
            assert not str(error).startswith("unexpected")  # noqa: PT017 - either is right


@MANY
@given(data=st.data())
def test_no_catalogue_ends_in_anything_but_a_price_or_its_reason(data):
    rate = {"startUsageAmount": 0, "unitPrice": {"currencyCode": "USD", "units": "1", "nanos": 5}}
    sku = {
        "skuId": "S",
        "description": "Requests",
        "category": {"usageType": "OnDemand"},
        "serviceRegions": ["europe-west1"],
        "pricingInfo": [{"pricingExpression": {"usageUnit": "count", "tieredRates": [rate]}}],
    }
    page = data.draw(mutated({"skus": [sku]}))
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=json.dumps(page)))
    catalogue = GoogleCatalogue(Rest("http://catalogue", transport=transport))
    try:
        assert catalogue.price({"service": "s", "sku": "Requests", "per": "count"}, "europe-west1").usd > 0
    except PilotError as error:
        assert not str(error).startswith("unexpected")  # noqa: PT017 - either is right


def test_a_place_and_what_was_found_there_are_said():
    answer = metric_page()
    answer["MetricDataResults"][0]["Values"][1] = "many"
    [found] = SERVICES["cloudwatch"][1](answer).read(WINDOW)

    assert (
        said(found.reason) == "an answer of unknown shape: MetricDataResults[0].Values[1]: want a number, found 'many'"
    )
    assert found.failed, "it is asked again: a later version may read it"


def test_one_odd_metric_does_not_take_the_others_with_it():
    answer = {
        "MetricDataResults": [{"Id": "m0", "Timestamps": 5}, {**metric_page()["MetricDataResults"][0], "Id": "m1"}]
    }
    source = CloudWatch(Says(answer), [(ONE * 2, {})], now=lambda: START + 60)

    assert [type(r) for r in source.read(WINDOW)] == [Absent, Series]


def test_one_odd_span_does_not_take_its_neighbours_with_it(tmp_path):
    answer = trace()
    spans = answer["resourceSpans"][0]["scopeSpans"][0]["spans"]
    spans.append({**spans[0], "startTimeUnixNano": "soon"})
    (tmp_path / "t.json").write_text(json.dumps(answer))
    series, absent = OtlpTraces(tmp_path / "t.json").read(WINDOW)

    assert len(series.points) == 1
    assert "line 1: an answer of unknown shape: resourceSpans[0].scopeSpans[0].spans[1].startTimeUnixNano" in said(
        absent.reason
    )


@pytest.mark.parametrize("kind", ["cloudwatch", "cloud-monitoring", "lambda-logs", "cost-explorer", "prices"])
def test_pages_that_lead_in_a_circle_end(kind):
    """A token that comes again would be asked for until the end of time."""

    class Circle(Says):
        def _next(self, *_, **__):
            tokens = {"NextToken": "t", "nextToken": "t", "nextPageToken": "t", "NextPageToken": "t"}
            return {"ResultsByTime": [], **tokens}

        get = filter_log_events = get_metric_data = get_cost_and_usage = get_products = _next

    api = Circle()
    if kind == "prices":
        with pytest.raises(PilotError, match="the same page again and again"):
            aws_price(api, {"service": "s"}, "us-east-1")
        return
    if kind == "cost-explorer":
        reasons = {CostExplorer(api, "pilot", ("rag",)).bill(date(2026, 11, 20)).failed}
    else:
        source = {
            "cloudwatch": lambda: CloudWatch(api, [(ONE, {})], now=lambda: START),
            "cloud-monitoring": lambda: CloudMonitoring(api, "p", "s", "r"),
            "lambda-logs": lambda: LambdaLogs(api, "g"),
        }[kind]()
        reasons = {said(r.reason) for r in source.read(WINDOW)}

    assert reasons == {"the service gives the same page again and again"}


def test_azures_next_page_is_not_followed_to_another_host():
    page = {"Items": [], "NextPageLink": "https://elsewhere.example/prices"}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=page))

    with pytest.raises(PilotError, match="leads to https://elsewhere"):
        azure_price({"service": "s", "meter": "m"}, "westeurope", transport)


class Faulty:
    """A source with a fault of its own, as another package may bring."""

    kind, verified, settle_s = "faulty", "spec only", 0.0

    def read(self, window):
        return [{}[window]]


def test_a_fault_of_a_source_is_told_apart_from_an_odd_answer():
    [found] = ask(Faulty(), WINDOW)

    assert said(found.reason).startswith("unexpected: KeyError: Window(")
    assert (found.source, found.failed) == ("faulty", True)


def test_a_native_histogram_is_named_with_what_to_ask_instead():
    answer = matrix()
    del answer["data"]["result"][0]["values"]
    [found] = prometheus(answer).read(WINDOW)

    assert isinstance(found, Absent)
    assert not found.failed, "asking the same again would not help"
    assert "histogram_quantile()" in said(found.reason)
