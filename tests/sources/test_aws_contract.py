"""What every source over an AWS API must do, held to botocore's own model of requests and answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import ANY, Stubber

from harness.domain.reading import Absent, Series, Window
from harness.local.journal import init_report_line, report_line
from harness.sources.cloudwatch import ALL_SETS, LAMBDA, CloudWatch, Metric, Subject, period_of
from harness.sources.lambda_logs import LambdaLogs

START = datetime(2026, 11, 20, 9, 0, 30, tzinfo=UTC).timestamp()
WINDOW = Window(START, START + 120)
KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "planted-secret", "region_name": "us-east-1"}
ONE = (Metric("AWS/Lambda", "Invocations", "Sum", "count"),)


def at(seconds):
    return datetime.fromtimestamp(START + seconds, UTC)


class CloudWatchCase:
    """GetMetricData of one metric; values by seconds from the window's start."""

    method, service, token = "get_metric_data", "cloudwatch", "NextToken"

    def source(self, client, sleep):
        return CloudWatch(client, [Subject(ONE, {"FunctionName": "chat"})], now=lambda: START + 3600, sleep=sleep)

    def page(self, values, token=None):
        result = {"Id": "m0", "StatusCode": "PartialData" if token else "Complete"}
        result |= {"Timestamps": [at(s) for s in values], "Values": list(values.values())}
        return {"MetricDataResults": [result], **({"NextToken": token} if token else {})}


class LambdaLogsCase:
    """FilterLogEvents; a value is an invocation's duration."""

    method, service, token = "filter_log_events", "logs", "nextToken"

    def source(self, client, sleep):
        return LambdaLogs(client, "/aws/lambda/chat", sleep=sleep)

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


CASES = [CloudWatchCase(), LambdaLogsCase()]


class Reading:
    """One source over a stubbed client."""

    def __init__(self, case) -> None:
        self.client = boto3.client(case.service, **KEYS)
        self.stub = Stubber(self.client)
        self.waits: list[float] = []
        self.case = case
        self.source = case.source(self.client, self.waits.append)

    def answers(self, *pages):
        for page in pages:
            self.stub.add_response(self.case.method, page)
        return self

    def refuses(self, code, times=1):
        for _ in range(times):
            self.stub.add_client_error(self.case.method, code, "words of the service")
        return self

    def read(self):
        with self.stub:
            found = self.source.read(WINDOW)
        self.stub.assert_no_pending_responses()
        return found


@pytest.fixture(params=CASES, ids=lambda case: type(case).__name__.removesuffix("Case"))
def reading(request):
    return Reading(request.param)


def series(found):
    """The first series, its values alone."""
    return next([v for _, v in r.points] for r in found if isinstance(r, Series))


def test_values_come_with_their_query_unit_and_source(reading):
    found = reading.answers(reading.case.page({10: 3.0})).read()
    one = next(r for r in found if isinstance(r, Series))

    assert one.unit
    assert one.source == reading.source.kind
    assert json.loads(one.query)


def test_a_gap_is_absent_with_a_reason_and_never_a_zero(reading):
    found = reading.answers(reading.case.page({})).read()

    assert found
    assert all(isinstance(r, Absent) and r.reason and r.query for r in found)


def test_pages_are_read_to_the_end_and_a_point_that_comes_twice_counts_once(reading):
    page = reading.case.page
    found = reading.answers(page({10: 3.0}, token="more"), page({10: 3.0, 70: 4.0})).read()

    assert len(series(found)) == 2


def test_what_lies_outside_of_the_window_is_left_out(reading):
    found = reading.answers(reading.case.page({-3600: 1.0, 10: 2.0, 3600: 3.0})).read()

    assert len(series(found)) == 1


def test_a_throttled_call_is_tried_again_with_longer_waits(reading):
    found = reading.refuses("ThrottlingException", 2).answers(reading.case.page({10: 3.0})).read()

    assert series(found)
    assert reading.waits == [1.0, 2.0]


def test_throttled_for_good_is_absent(reading):
    found = reading.refuses("ThrottlingException", 5).read()

    assert {r.reason for r in found} == {"throttled 5 times in a row"}


def test_a_refused_call_is_absent_with_the_services_own_words(reading):
    found = reading.refuses("AccessDeniedException").read()

    assert all(isinstance(r, Absent) and "AccessDenied" in r.reason for r in found)
    assert reading.waits == []


def test_a_second_pull_finds_the_same_and_adds_nothing(reading):
    page = reading.case.page({10: 3.0, 70: 4.0})
    first = reading.answers(page).read()
    second = reading.answers(page).read()

    assert first == second


def test_no_credential_stands_in_a_reading(reading):
    found = reading.answers(reading.case.page({10: 3.0})).read()

    assert not any(secret in repr(found) for secret in ("planted-secret", "AKIDEXAMPLE"))


# -- CloudWatch alone


def cloudwatch(metrics, answer, age_s=3600, calls=1):
    client = boto3.client("cloudwatch", **KEYS)
    with Stubber(client) as stub:
        for _ in range(calls):
            stub.add_response("get_metric_data", answer)
        return CloudWatch(client, [Subject(metrics, {"FunctionName": "chat"})], now=lambda: START + age_s).read(WINDOW)


def test_every_metric_of_the_sets_is_a_request_that_the_service_model_accepts():
    for metrics in ALL_SETS:
        found = cloudwatch(metrics, {"MetricDataResults": []})

        assert {r.reason for r in found} == {"the answer holds no result for this query"}
        assert len(found) == len(metrics)


@pytest.mark.parametrize(("age_days", "period"), [(1, 60), (14.9, 60), (16, 300), (62, 300), (64, 3600)])
def test_an_old_window_is_asked_in_the_period_that_is_still_kept(age_days, period):
    assert period_of(age_days * 86_400) == period
    [found] = cloudwatch(ONE, {"MetricDataResults": []}, age_s=age_days * 86_400)

    assert json.loads(found.query)["MetricStat"]["Period"] == period


def test_more_metrics_than_a_call_takes_are_asked_in_several():
    found = cloudwatch(ONE * 501, {"MetricDataResults": []}, calls=2)

    assert len(found) == 501


@pytest.mark.parametrize("status", ["Forbidden", "InternalError", "PartialData"])
def test_a_result_that_is_not_whole_is_absent(status):
    result = {"Id": "m0", "StatusCode": status, "Timestamps": [at(0)], "Values": [1.0]}
    [found] = cloudwatch(ONE, {"MetricDataResults": [result | {"Messages": [{"Code": "why", "Value": "because"}]}]})

    assert found.reason == f"{status}: because"


def test_percentiles_are_asked_as_such():
    assert {m.statistic for m in LAMBDA} >= {"p95", "Sum", "Maximum"}


# -- Lambda logs alone


def logs(*messages):
    client = boto3.client("logs", **KEYS)
    events = [
        {"eventId": f"e{k}", "logStreamName": "s", "timestamp": int((START + k) * 1000), "message": m}
        for k, m in enumerate(messages)
    ]
    with Stubber(client) as stub:
        stub.add_response(
            "filter_log_events",
            {"events": events},
            dict.fromkeys(("logGroupName", "startTime", "endTime", "filterPattern"), ANY),
        )
        found = LambdaLogs(client, "/aws/lambda/chat").read(WINDOW)
    return {r.metric: r for r in found}


def test_cold_invocations_have_an_init_and_warm_ones_none():
    found = logs(report_line("a", 100.0, 512, 90, 80.5), report_line("b", 50.0, 512, 91, None))

    assert [v for _, v in found["init_ms"].points] == [80.5]
    assert [v for _, v in found["billed_ms"].points] == [181.0, 50.0]
    assert found["restore_ms"].reason == "no REPORT line carries it in this window"


def test_failed_inits_are_a_series_of_their_own():
    found = logs(init_report_line(9999.8, "init", "timeout"), report_line("a", 100.0, 512, 90, None))

    assert [v for _, v in found["init_failures"].points] == [9999.8]


def test_a_web_function_is_recognised_and_said():
    found = logs(json.dumps({"type": "platform.invokeSummary", "record": {}}))

    assert found["billed_ms"].reason == "a web function: its log has no REPORT line for each request"
