"""``kind = "lambda-logs"``: REPORT lines of one log group; and what CloudWatch's series of a function mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from harness.domain.reading import MetricSource
from harness.domain.reasons.doubt import Figures
from harness.platforms.platform import Measure, Per, SourceKind, Subject, Tier
from harness.platforms.shared.rows import by_name, rows
from harness.tables.table import Table
from harness.tables.values import Line

CW, LOGS = "cloudwatch", "lambda-logs"


class LambdaLogsTable(Table):
    """``kind = "lambda-logs"``: REPORT lines of one log group."""

    kind: Literal["lambda-logs"]
    region: Line
    log_group: Line
    through: Literal["filter", "insights"] = "filter"


def build(options: Mapping[str, Any]) -> MetricSource:
    """The log group, read event by event or by a query."""
    from harness.platforms.aws_lambda.insights import LambdaInsights  # noqa: PLC0415 - made where it is asked
    from harness.platforms.aws_lambda.logs import LambdaLogs  # noqa: PLC0415
    from harness.platforms.shared.aws import client  # noqa: PLC0415
    from harness.platforms.shared.recorded import Recorded  # noqa: PLC0415

    api = Recorded(client("logs", options["region"]))
    return (LambdaInsights if options["through"] == "insights" else LambdaLogs)(api, options["log_group"])


SOURCE = SourceKind(LOGS, LambdaLogsTable, build, Figures.DURATIONS, cloud="aws")
_lambda = rows(CW, "AWS/Lambda ")
_url = rows(CW, "AWS/Lambda ", Tier.FRONT)
_report = rows(LOGS)
FUNCTION = (
    _lambda("Invocations Sum", Measure.REQUESTS, "count", "invocations", exact=True),
    _lambda("Throttles Sum", Measure.REFUSALS, "count", "invocations refused", exact=True),
    _lambda("Errors Sum", Measure.ERRORS, "count", "invocations that failed"),
    _lambda("Duration Average", Measure.DURATION, "ms", "duration, mean"),
    _lambda("Duration p95", Measure.DURATION, "ms", "duration, p95"),
    _lambda("ConcurrentExecutions Maximum", Measure.CONCURRENCY, "count", "invocations at once"),
    _lambda(
        "ProvisionedConcurrencySpilloverInvocations Sum",
        Measure.SPILL_OVER,
        "count",
        "invocations that met no provisioned environment",
    ),
    _lambda(
        "ProvisionedConcurrencyInvocations Sum",
        Measure.PROVISIONED,
        "count",
        "invocations in provisioned environments",
    ),
    _lambda(
        "ProvisionedConcurrencyUtilization Maximum",
        Measure.PROVISIONED,
        "share",
        "provisioned environments in use",
        telling=0.95,
    ),
)
ACCOUNT = (  # and region: published without dimensions
    _lambda(
        "UnreservedConcurrentExecutions Maximum",
        Measure.QUOTA_USE,
        "count",
        "invocations at once of the account, without functions that have concurrency of their own",
    ),
    _lambda(
        "ClaimedAccountConcurrency Maximum",
        Measure.QUOTA_USE,
        "count",
        "of the account's concurrency, what is used or kept",
    ),
)
URL = (
    _url("UrlRequestCount Sum", Measure.REQUESTS, "count", "requests at the URL"),
    _url("Url4xxCount Sum", Measure.ERRORS, "count", "refused at the URL"),
    _url("Url5xxCount Sum", Measure.ERRORS, "count", "errors at the URL"),
    _url("UrlRequestLatency p95", Measure.DURATION, "ms", "whole time at the URL, p95"),
)
REPORTS = (
    _report("billed_ms", Measure.BILLED, "ms", "billed duration of a request"),
    _report("duration_ms", Measure.DURATION, "ms", "duration of a request"),
    _report("init_ms", Measure.STARTS, "ms", "init of a request that met a new environment", per=Per.POINTS),
    _report("max_memory_mb", Measure.INSTANCE_MEMORY, "MB", "most memory used", per=Per.MOST),
    _report("restore_ms", Measure.STARTS, "ms", "restore of a request that met a new environment", per=Per.POINTS),
    _report("init_failures", Measure.ERRORS, "ms", "inits that failed", per=Per.POINTS),
)
SIGNALS = (*FUNCTION, *ACCOUNT, *URL, *REPORTS)
SUBJECTS = (
    Subject(CW, FUNCTION, by_name(FunctionName="function")),
    Subject(CW, URL, by_name("function_url", FunctionName="function")),
    Subject(CW, ACCOUNT, lambda options: [{}] if options.get("function") else []),
)
