"""REPORT lines, published and generated; the platform's own writer is read by the same parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.local.journal import report_line
from harness.sources.lambda_lines import parse_report

PUBLISHED = (
    "REPORT RequestId: 41f4b8a3\tDuration: 395.99 ms\tBilled Duration: 662 ms\tMemory Size: 512 MB\t"
    "Max Memory Used: 301 MB\tInit Duration: 265.72 ms\t"
)


def test_a_published_line_is_read_whole():
    report = parse_report(PUBLISHED)

    assert (report.request_id, report.duration_ms, report.billed_ms) == ("41f4b8a3", 395.99, 662)
    assert (report.memory_mb, report.max_memory_mb, report.init_ms) == (512, 301, 265.72)


@pytest.mark.parametrize(
    ("duration", "init", "billed"),
    [(395.99, 265.72, 662), (2251.86, 861.71, 3114), (1049.63, 1293.83, 2344), (1.34, None, 2)],
)
def test_billed_duration_is_the_ceiling_of_duration_and_init(duration, init, billed):
    line = report_line("r", duration, 512, 100, init)

    assert f"Billed Duration: {billed} ms" in line
    assert line.endswith("\t")


@given(st.floats(0.01, 900_000), st.none() | st.floats(0.01, 10_000), st.integers(128, 10_240))
def test_what_the_platform_writes_is_what_the_collector_reads(duration, init, memory):
    report = parse_report("2026-11-22T03:00:00.000Z\t" + report_line("id-1", duration, memory, 90, init, "timeout"))

    assert report.duration_ms == pytest.approx(duration, abs=0.006)
    assert (report.init_ms is None) == (init is None)
    assert (report.memory_mb, report.status) == (memory, "timeout")


def test_snapstart_fields_and_foreign_lines():
    line = PUBLISHED.replace("Init Duration: 265.72 ms", "Restore Duration: 300.10 ms\tBilled Restore Duration: 12 ms")
    report = parse_report(line)

    assert (report.init_ms, report.restore_ms, report.billed_restore_ms) == (None, 300.1, 12)
    assert parse_report("START RequestId: x Version: $LATEST") is None
    assert parse_report("REPORT RequestId: x\tDuration: 1.0 ms") is None
