"""The embedded platform's log as a metric source: gaps are Absent, windows are respected."""

import json
from datetime import UTC, datetime

from harness.domain.reading import Absent, Series, Window
from harness.local.journal import report_line
from harness.platforms.shared.local_logs import LocalLogs
from harness.words import said

AT = 1_795_300_000.0
STAMP = "2026-11-21T22:26:40.000Z"


def source(tmp_path, lines=(), figures=()):
    (tmp_path / "t.log").write_text("".join(f"{STAMP}\t{line}\n" for line in lines) + "a worker's own words\n")
    (tmp_path / "t.figures.jsonl").write_text("".join(json.dumps(f) + "\n" for f in figures) + "torn{")
    return LocalLogs(tmp_path, "t", function=True)


def reading(readings, metric):
    [found] = [r for r in readings if r.metric == metric]
    return found


def test_reports_and_throttles_are_read_with_their_query(tmp_path):
    lines = [
        report_line("a", 10, 512, 90, 5.0),
        report_line("b", 20, 512, 90, None),
        "THROTTLE RequestId: c\tReason: x",
    ]
    found = source(tmp_path, lines).read(Window(AT - 60, AT + 3600))

    assert [v for _, v in reading(found, "billed_ms").points] == [15, 20]
    assert [v for _, v in reading(found, "init_ms").points] == [5]
    assert len(reading(found, "throttle").points) == 1
    assert "REPORT" in reading(found, "billed_ms").query


def test_a_gap_is_absent_not_zero(tmp_path):
    found = source(tmp_path).read(Window(0, 10))

    assert isinstance(reading(found, "billed_ms"), Absent)
    assert isinstance(reading(found, "cpu_s"), Absent)
    assert said(reading(found, "cpu_s").reason) == "no figures in this window; 1 row of the file cannot be read"


def test_no_refusal_is_a_series_of_none_not_an_absence(tmp_path):
    assert isinstance(reading(source(tmp_path).read(Window(0, 10)), "throttle"), Series)


def test_a_missing_log_is_absent_with_its_reason(tmp_path):
    found = LocalLogs(tmp_path, "gone", function=False).read(Window(0, 10))

    assert all(isinstance(r, Absent) for r in found)


def test_the_window_is_respected(tmp_path):
    figures = [{"unix_s": t, "cpu_s": float(t)} for t in (1, 2, 3, 4)]
    found = source(tmp_path, figures=figures).read(Window(2, 4))

    assert [v for _, v in reading(found, "cpu_s").points] == [2, 3]


def test_lines_of_its_workers_are_evidence_too_in_the_order_of_time(tmp_path):
    (tmp_path / "fn.log").write_text("2026-11-22T10:00:01.000Z\tfront 1\n2026-11-22T10:00:03.000Z\tfront 2\n")
    (tmp_path / "fn-jobs.log").write_text("2026-11-22T10:00:02.000Z\tworker\n2026-11-22T11:00:00.000Z\tlater\n")
    start = datetime(2026, 11, 22, 10, tzinfo=UTC).timestamp()

    assert LocalLogs(tmp_path, "fn", function=True).lines(Window(start, start + 60)) == ["front 1", "worker", "front 2"]
