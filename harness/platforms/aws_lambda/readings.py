"""``kind = "lambda-logs"``: REPORT lines of one log group; and what CloudWatch's series of a function mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from harness.domain.reading import MetricSource
from harness.domain.reasons.doubt import Figures
from harness.platforms.platform import Measure, Per, Signal, SourceKind, Tier
from harness.tables.table import Table
from harness.tables.values import Line

CW, LOGS, NAME = "cloudwatch", "lambda-logs", "AWS/Lambda"


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
SIGNALS = (
    Signal(f"{NAME} Invocations Sum", CW, Measure.REQUESTS, "count", "invocations", per=Per.SUM, exact=True),
    Signal(f"{NAME} Throttles Sum", CW, Measure.REFUSALS, "count", "invocations refused", per=Per.SUM, exact=True),
    Signal(f"{NAME} Errors Sum", CW, Measure.ERRORS, "count", "invocations that failed", per=Per.SUM),
    Signal(f"{NAME} Duration Average", CW, Measure.DURATION, "ms", "duration, mean"),
    Signal(f"{NAME} Duration p95", CW, Measure.DURATION, "ms", "duration, p95", per=Per.MOST, quantile=0.95),
    Signal(
        f"{NAME} ConcurrentExecutions Maximum", CW, Measure.CONCURRENCY, "count", "invocations at once", per=Per.MOST
    ),
    Signal(
        *(f"{NAME} ProvisionedConcurrencySpilloverInvocations Sum", CW, Measure.SPILL_OVER, "count"),
        "invocations that met no provisioned environment",
        per=Per.SUM,
    ),
    Signal(
        *(f"{NAME} ProvisionedConcurrencyInvocations Sum", CW, Measure.PROVISIONED, "count"),
        "invocations in provisioned environments",
        per=Per.SUM,
    ),
    Signal(
        *(f"{NAME} ProvisionedConcurrencyUtilization Maximum", CW, Measure.PROVISIONED, "share"),
        "provisioned environments in use",
        per=Per.MOST,
        telling=0.95,
    ),
    Signal(
        *(f"{NAME} UnreservedConcurrentExecutions Maximum", CW, Measure.QUOTA_USE, "count"),
        "invocations at once of the account, without functions that have concurrency of their own",
        per=Per.MOST,
    ),
    Signal(
        *(f"{NAME} ClaimedAccountConcurrency Maximum", CW, Measure.QUOTA_USE, "count"),
        "of the account's concurrency, what is used or kept",
        per=Per.MOST,
    ),
    Signal(f"{NAME} UrlRequestCount Sum", CW, Measure.REQUESTS, "count", "requests at the URL", Tier.FRONT, Per.SUM),
    Signal(f"{NAME} Url4xxCount Sum", CW, Measure.ERRORS, "count", "refused at the URL", Tier.FRONT, Per.SUM),
    Signal(f"{NAME} Url5xxCount Sum", CW, Measure.ERRORS, "count", "errors at the URL", Tier.FRONT, Per.SUM),
    Signal(
        *(f"{NAME} UrlRequestLatency p95", CW, Measure.DURATION, "ms", "whole time at the URL, p95"),
        *(Tier.FRONT, Per.MOST),
        quantile=0.95,
    ),
    Signal("billed_ms", LOGS, Measure.BILLED, "ms", "billed duration of a request"),
    Signal("duration_ms", LOGS, Measure.DURATION, "ms", "duration of a request"),
    Signal("init_ms", LOGS, Measure.STARTS, "ms", "init of a request that met a new environment", per=Per.POINTS),
    Signal("max_memory_mb", LOGS, Measure.MEMORY, "MB", "most memory used", per=Per.MOST),
    Signal("restore_ms", LOGS, Measure.STARTS, "ms", "restore of a request that met a new environment", per=Per.POINTS),
    Signal("init_failures", LOGS, Measure.ERRORS, "ms", "inits that failed", per=Per.POINTS),
)
