"""Spans from OTLP/JSON, as the OpenTelemetry Collector's file exporter writes them."""

import json

import pytest

from harness.domain.reading import Absent, Series, Window
from harness.platforms.shared.otlp_traces import OtlpTraces
from harness.words import said

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
    assert said(found["unreadable lines"].reason) == (
        "2 lines or spans that are not OTLP/JSON: "
        "traces.json, line 2: is not valid JSON; traces.json, line 3: has no resourceSpans"
    )


def test_a_file_that_is_not_there_will_be_asked_again(tmp_path):
    found, _ = read(tmp_path / "none.json")

    assert isinstance(found["spans"], Absent)
    assert found["spans"].failed


@pytest.mark.parametrize(
    "value", [{}, None, {"stringValue": ""}, {"intValue": "5"}, {"arrayValue": {}}, {"bytesValue": "AA=="}]
)
def test_an_attribute_without_a_text_leaves_its_span_whole(tmp_path, value):
    """OpenTelemetry for Java writes an empty text as no value at all."""
    with_it = span("chat", 1, 900.5)
    with_it["attributes"] = [{"key": "http.request.header.x-request-id", "value": value}]
    path = tmp_path / "traces.json"
    path.write_text(export(with_it))
    found, source = read(path)

    assert found["span chat"].points == ((START + 1, 900.5),)
    assert json.loads(source.lines(None)[0])["request_id"] in (None, "")


@pytest.mark.parametrize("end", ["0", 0, None, str(int(START * 1e9) - 5)])
def test_a_span_that_has_not_ended_has_no_duration(tmp_path, end):
    open_span = {**span("chat", 1, 5), "endTimeUnixNano": end}
    path = tmp_path / "traces.json"
    path.write_text(export(open_span) + "\n" + export(span("retrieve", 2, 5), {**open_span, "name": "retrieve"}))
    found, source = read(path)

    assert said(found["span chat"].reason) == "1 of 1 spans have no duration: not ended, or before they began"
    assert found["span retrieve"].points == ((START + 2, 5.0),)
    assert said(found["unfinished span retrieve"].reason).startswith("1 of 2 spans")
    assert [json.loads(line)["duration_ms"] for line in source.lines(None)] == [None, None, 5.0]


@pytest.mark.parametrize("mark", ["\u2028", "\u0085", "\x0c", "\x1c"])
def test_a_line_ends_at_its_newline_and_nowhere_else(tmp_path, mark):
    said = json.dumps(json.loads(export(span(f"a{mark}b", 1, 5))), ensure_ascii=False)
    path = tmp_path / "traces.json"
    path.write_bytes(("\ufeff" + said.replace("\\f", "\x0c") + "\r\n" + export(span("c", 2, 5))).encode())
    found, _ = read(path)

    assert "span c" in found
    assert mark in "\x0c\x1c" or f"span a{mark}b" in found


def test_an_export_over_many_lines_is_read_as_one(tmp_path):
    path = tmp_path / "traces.json"
    path.write_text(json.dumps(json.loads(export(span("chat", 1, 900.5))), indent=2))
    found, _ = read(path)

    assert found["span chat"].points == ((START + 1, 900.5),)


def test_spans_of_another_time_say_of_which(tmp_path):
    """Times in milliseconds under a name of nanoseconds lie half an hour after 1970 began."""
    path = tmp_path / "traces.json"
    wrong = {**span("chat", 1, 5), "startTimeUnixNano": str(START * 1000), "endTimeUnixNano": str(START * 1000)}
    path.write_text(export(wrong))
    found, _ = read(path)

    assert said(found["spans"].reason).startswith("no span in this window: 1 span, from 1970-01-01T00:30:00Z")
