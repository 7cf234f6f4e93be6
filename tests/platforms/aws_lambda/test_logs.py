"""A function's own lines, through FilterLogEvents and through Logs Insights."""

import json

import boto3
import pytest
from botocore.stub import ANY, Stubber

from harness.domain.reading import Series, Window
from harness.local.journal import init_report_line, report_line
from harness.platforms.aws_lambda import insights as lambda_insights
from harness.platforms.aws_lambda.insights import LambdaInsights
from harness.platforms.aws_lambda.logs import LambdaLogs
from harness.platforms.shared.recorded import Recorded
from harness.words import said
from tests.platforms.shared.rigs import KEYS, START, WINDOW, LambdaInsightsRig


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
    assert said(found["restore_ms"].reason) == "no REPORT line carries it in this window"


def test_failed_inits_are_a_series_of_their_own():
    found = logs(init_report_line(9999.8, "init", "timeout"), report_line("a", 100.0, 512, 90, None))

    assert [v for _, v in found["init_failures"].points] == [9999.8]


def test_inits_that_succeeded_are_no_failures():
    record = {"phase": "init", "status": "success", "metrics": {"durationMs": 1203.4}}
    found = logs(json.dumps({"type": "platform.initReport", "record": record}), report_line("a", 5.0, 512, 90, None))

    assert said(found["init_failures"].reason) == "no init of this window failed, as its reports say"


def test_a_web_function_is_recognised_and_said():
    found = logs(json.dumps({"type": "platform.invokeSummary", "record": {}}))

    assert said(found["billed_ms"].reason) == "a web function: its log has no REPORT line for each request"


# -- Logs Insights alone


@pytest.mark.parametrize("status", ["Failed", "Timeout", "Cancelled"])
def test_a_query_that_ends_otherwise_has_no_answer(status):
    found = LambdaInsightsRig().ok({10: 3.0}, status=status).read()

    assert {said(r.reason) for r in found} == {f"the query ended as {status}"}
    assert all(r.failed for r in found)


class Service:
    """Logs Insights over so many lines a second, with a limit on its rows."""

    def __init__(self, stamps) -> None:
        self.stamps = stamps
        self.asked = []

    def start_query(self, **request):
        self.asked.append((request["startTime"], request["endTime"]))
        return {"queryId": str(len(self.asked) - 1)}

    def get_query_results(self, **request):
        start, end = self.asked[int(request["queryId"])]
        inside = [(k, s) for k, s in enumerate(self.stamps) if start <= s <= end][: lambda_insights.MOST_ROWS]
        rows = [
            [
                {"field": "@timestamp", "value": "2026-11-20 09:00:40.000"},
                {"field": "@message", "value": report_line(f"r{k}", 1.0, 512, 90, None)},
                {"field": "@ptr", "value": f"p{k}"},
            ]
            for k, _ in inside
        ]
        return {"status": "Complete", "results": rows, "statistics": {"bytesScanned": 1.0}}


@pytest.mark.parametrize("stamp", ["", "not a time", "2026-11-20T25:00:00", "99999-01-01 00:00:00.000", "1", None])
def test_a_malformed_time_is_an_absence_and_no_traceback(stamp):
    cells = [{"field": "@message", "value": report_line("r", 1.0, 512, 90, None)}, {"field": "@ptr", "value": "p"}]
    service = Service([START])
    service.get_query_results = lambda **request: {
        "status": "Complete",
        "results": [[*cells, *([] if stamp is None else [{"field": "@timestamp", "value": stamp}])]],
    }
    source = LambdaInsights(Recorded(service), "g")
    found = source.read(WINDOW)

    assert all(r.failed and "@timestamp" not in r.metric for r in found)
    assert {"unknown shape" in said(r.reason) for r in found} == {True}
    assert source.lines(WINDOW) == []
    assert source.raw()


def test_a_slice_that_is_full_is_halved_until_every_line_is_there_once(monkeypatch):
    monkeypatch.setattr(lambda_insights, "MOST_ROWS", 10)
    service = Service([START + s * 0.7 for s in range(150)])
    found = LambdaInsights(service, "g").read(WINDOW)
    [billed] = [r for r in found if r.metric == "billed_ms"]

    assert len(billed.points) == 150
    assert len(service.asked) > 15


def test_a_second_with_more_lines_than_an_answer_holds_cannot_be_told(monkeypatch):
    monkeypatch.setattr(lambda_insights, "MOST_ROWS", 10)
    found = LambdaInsights(Service([START] * 20), "g").read(WINDOW)

    assert all("more than 10 lines in one second" in said(r.reason) for r in found)


def test_a_long_window_is_asked_in_slices_of_an_hour():
    service = Service([START + 10])
    found = LambdaInsights(service, "g").read(Window(START, START + 2.5 * 3600))

    assert len(service.asked) == 3
    assert any(isinstance(r, Series) for r in found)
