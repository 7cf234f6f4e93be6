"""Spans from OTLP/JSON, as the OpenTelemetry Collector's file exporter writes them."""

import json

from harness.domain.reading import Absent, Series, Window
from harness.sources.otlp_traces import OtlpTraces

START = 1_800_000_000


def span(name, at_s, ms, request_id="r1", *, header=False):
    value = {"stringValue": request_id}
    if header:
        value = {"arrayValue": {"values": [value]}}
    start = int((START + at_s) * 1e9)
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "eee19b7ec3c1b174",
        "name": name,
        "kind": 2,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + int(ms * 1e6)),
        "attributes": [{"key": "http.request.header.x-request-id", "value": value}],
    }


def export(*spans):
    scope = {"scope": {"name": "chat"}, "spans": list(spans)}
    return json.dumps({"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [scope]}]})


def read(path):
    source = OtlpTraces(path)
    return {r.metric: r for r in source.read(Window(START, START + 60))}, source


def test_durations_are_told_by_span_name_and_joined_by_request_id(tmp_path):
    path = tmp_path / "traces.json"
    path.write_text(
        export(span("chat", 1, 900.5), span("retrieve", 1.1, 12))
        + "\n"
        + export(span("chat", 5, 700, "r2", header=True))
    )
    found, source = read(path)

    assert found["span chat"].points == ((START + 1, 900.5), (START + 5, 700.0))
    assert found["span retrieve"].unit == "ms"
    assert [json.loads(line)["request_id"] for line in source.lines(None)] == ["r1", "r1", "r2"]


def test_spans_outside_the_window_and_broken_lines_are_said_not_counted(tmp_path):
    path = tmp_path / "traces.json"
    path.write_text(export(span("chat", -10, 1), span("chat", 2, 5)) + "\nnot json\n{}\n")
    found, _ = read(path)

    assert isinstance(found["span chat"], Series)
    assert len(found["span chat"].points) == 1
    assert found["unreadable lines"].reason == "2 lines are no OTLP/JSON"


def test_a_file_that_is_not_there_will_be_asked_again(tmp_path):
    found, _ = read(tmp_path / "none.json")

    assert isinstance(found["spans"], Absent)
    assert found["spans"].failed
