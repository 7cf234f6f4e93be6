"""REPORT lines, published and generated; the platform's own writer is read by the same parser."""

import json
import math
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.local.journal import init_report_line, report_line
from harness.platforms.shared.report_lines import FunctionKind, InitReport, kind_of, parse_init_report, parse_report

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


@pytest.mark.parametrize(
    ("duration", "billed", "restore", "billed_restore"),
    [(127.10, 154, 325.93, 26), (306.34, 610, 511.25, 303), (2338.66, 2521, 398.97, 182), (159.87, 278, 562.43, 118)],
)
def test_the_restore_of_a_snapshot_is_in_what_was_billed_already(duration, billed, restore, billed_restore):
    """Four published lines: the billed duration is the duration's ceiling and the billed restore."""
    restored = {"restoreDurationMs": restore, "billedRestoreDurationMs": billed_restore}
    text = (
        f"REPORT RequestId: r\tDuration: {duration:.2f} ms\tBilled Duration: {billed} ms\tMemory Size: 1024 MB\t"
        f"Max Memory Used: 155 MB\tRestore Duration: {restore} ms\tBilled Restore Duration: {billed_restore} ms\t\n"
    )
    for line in (text, as_json(duration=duration, billed=billed, **restored)):
        assert math.ceil(duration) + billed_restore == billed
        assert parse_report(line).whole_billed_ms == billed


def test_a_line_whose_tabs_became_spaces_says_the_same():
    text = PUBLISHED + "Status: error\tErrorType: Runtime.ExitError"
    failed = init_report_line(9999.81, "init", "error", "Runtime.ExitError")

    assert parse_report(text.replace("\t", " ")) == parse_report(text)
    assert parse_report(text.replace("\t", "    ")) == parse_report(text)
    assert parse_init_report(failed.replace("\t", " ")) == parse_init_report(failed)


def test_an_init_that_succeeded_did_not_fail():
    """Written for provisioned concurrency, for web functions, and for every init at debug level."""
    record = {"initializationType": "provisioned-concurrency", "phase": "init", "metrics": {"durationMs": 1203.4}}
    inits = [
        parse_init_report(json.dumps({"type": "platform.initReport", "record": {**record, "status": status}}))
        for status in ("success", "failure", "error", "timeout")
    ]

    assert [init.failed for init in inits] == [False, True, True, True]


def as_json(request_id="r", duration=1.62, billed=2, memory=128, used=47, **more):
    metrics = {
        "durationMs": duration,
        "billedDurationMs": billed,
        "memorySizeMB": memory,
        "maxMemoryUsedMB": used,
        **more,
    }
    record = {"requestId": request_id, "status": "success", "metrics": metrics}
    return json.dumps({"time": "2026-11-20T10:00:00.000Z", "type": "platform.report", "record": record})


def test_a_platform_event_says_the_same_as_the_line():
    report = parse_report(as_json("41f4b8a3", 395.99, 662, 512, 301, initDurationMs=265.72))

    assert report == parse_report(PUBLISHED)


def test_every_metric_of_an_event_may_be_a_float():
    report = parse_report(as_json(billed=2.0, memory=128.0, used=47.0))

    assert (report.billed_ms, report.memory_mb, report.max_memory_mb) == (2, 128, 47)


def test_an_event_of_a_restored_function_has_its_restore_and_no_init():
    report = parse_report(as_json(restoreDurationMs=300.1, billedRestoreDurationMs=12.0))

    assert (report.init_ms, report.restore_ms, report.billed_restore_ms) == (None, 300.1, 12)


def test_a_status_that_is_not_success_is_kept_with_its_error():
    text = PUBLISHED + "Status: error\tErrorType: Runtime.ExitError"
    event = as_json().replace('"status": "success"', '"status": "timeout", "errorType": "Sandbox.Timedout"')

    assert (parse_report(text).status, parse_report(text).error_type) == ("error", "Runtime.ExitError")
    assert (parse_report(event).status, parse_report(event).error_type) == ("timeout", "Sandbox.Timedout")


def test_a_failed_init_is_read_from_both_forms_and_from_our_own_platform():
    text = "2026-11-20T10:00:00Z\t" + init_report_line(9999.81, "init", "timeout")
    record = {"phase": "invoke", "status": "error", "errorType": "Runtime.ExitError", "metrics": {"durationMs": 12.5}}
    event = json.dumps({"type": "platform.initReport", "record": record})

    assert parse_init_report(text) == InitReport(9999.81, "init", "timeout")
    assert parse_init_report(event) == InitReport(12.5, "invoke", "error", "Runtime.ExitError")
    assert (
        parse_init_report(init_report_line(1.0, "init", "error", "Runtime.ExitError")).error_type == "Runtime.ExitError"
    )
    assert parse_init_report(PUBLISHED) is None
    assert parse_report(text) is None


def test_the_kind_of_function_is_told_by_its_events():
    web = json.dumps({"type": "platform.invokeSummary", "record": {}})

    assert kind_of(PUBLISHED) is kind_of(as_json()) is FunctionKind.STANDARD
    assert kind_of(web) is FunctionKind.WEB
    assert kind_of("a line of the function's own") is None


@pytest.mark.parametrize(
    "line",
    [
        *('{"type":"platform.report"', '{"type":"platform.report","record":null}', "{}", ""),
        *('{"type":"platform.report","record":[]}', '{"type":"platform.report","record":{"metrics":"x"}}'),
        PUBLISHED.replace("662", "9" * 400),
        '{"type":"platform.report","record":' + "[" * 100_000,
        as_json(billed=True),
        as_json(billed=math.inf),
        "INIT_REPORT Init Duration: 1.2.3 ms\tPhase: init\tStatus: error",
    ],
    ids=range(11),
)
def test_half_an_event_is_no_report(line):
    assert parse_report(line) is None
    assert parse_init_report(line) is None


def test_ten_thousand_lines_of_both_forms_add_up_to_the_cent():
    """GB-seconds and dollars of the parsed lines against those of the numbers that they were written from."""
    rng = Random(7)
    truth_ms, lines = 0, []
    for k in range(10_000):
        duration, init = round(rng.lognormvariate(6, 1), 2), round(rng.uniform(100, 900), 2) if k % 50 == 0 else None
        billed = math.ceil(duration + (init or 0))
        truth_ms += billed
        more = {"initDurationMs": init} if init else {}
        lines.append(
            report_line(f"r{k}", duration, 1769, 90, init)
            if k % 2
            else as_json(f"r{k}", duration, billed, 1769, 90, **more)
        )
    parsed = [parse_report(line) for line in lines]
    price = Decimal("0.0000166667") / 1000 * 1769 / 1024

    assert len({r.request_id for r in parsed}) == 10_000
    assert sum(r.billed_ms for r in parsed) == truth_ms
    assert round(sum(r.billed_ms * price for r in parsed), 2) == round(truth_ms * price, 2)
    assert sum(r.init_ms is not None for r in parsed) == 200
