"""The same lines through Logs Insights, for functions that log far more than a line a request.

Verified: spec only; requests and answers are held to botocore's service model in the
tests. What one must know: a query answers at most 10,000 rows, so a slice that is
full is halved and asked again; times are whole seconds and both ends are included;
every value is a string; a query that ends otherwise than Complete has no answer. It
costs 0.005 USD a GB scanned, which each answer says and the evidence keeps.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from harness.cloud.call import call
from harness.domain.reading import Window
from harness.sources.lambda_readings import LambdaReadings
from harness.sources.recorded import taken

MOST_ROWS = 10_000
SLICE_S = 3600
POLL_S, PATIENCE_S = 1.0, 600.0
QUERY = (
    "fields @timestamp, @message, @ptr"
    ' | filter @type = "REPORT" or @message like /^INIT_REPORT/'
    ' or type in ["platform.report", "platform.initReport"] or type like /^platform\\.invoke/'
    f" | sort @timestamp asc | limit {MOST_ROWS}"
)


class InsightsApi(Protocol):
    """The two calls of a CloudWatch Logs client that are used."""

    def start_query(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: ANN401

    def get_query_results(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: ANN401


class LambdaInsights(LambdaReadings):
    """REPORT and INIT_REPORT lines of one log group, slice by slice."""

    kind = "lambda-logs"

    def __init__(
        self,
        api: InsightsApi,
        log_group: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._api = api
        self._group = log_group
        self._sleep = sleep
        self._clock = clock

    def raw(self) -> list[dict[str, Any]]:
        """Questions with their statistics; the rows are kept as lines."""
        return [
            {**said, "answer": {k: v for k, v in said["answer"].items() if k != "results"}} for said in taken(self._api)
        ]

    def _query(self, window: Window) -> dict[str, Any]:
        start, end = math.floor(window.start_unix_s), math.ceil(window.end_unix_s)
        return {"logGroupName": self._group, "startTime": start, "endTime": end, "queryString": QUERY}

    def _fetch(self, window: Window) -> str | None:
        whole = self._query(window)
        for start in range(whole["startTime"], whole["endTime"], SLICE_S):
            end = min(start + SLICE_S, whole["endTime"])
            if (failed := self._slice({**whole, "startTime": start, "endTime": end}, window)) is not None:
                return failed
        return None

    def _slice(self, query: dict[str, Any], window: Window) -> str | None:
        rows = self._answer(query)
        if isinstance(rows, str):
            return rows
        start, end = query["startTime"], query["endTime"]
        if len(rows) >= MOST_ROWS:
            if end - start <= 1:
                return f"more than {MOST_ROWS} lines in one second, which Logs Insights cannot give"
            middle = (start + end) // 2
            return self._slice({**query, "endTime": middle}, window) or self._slice(
                {**query, "startTime": middle}, window
            )
        self._take({row["@ptr"]: (_instant(row["@timestamp"]), row["@message"]) for row in rows}, window)
        return None

    def _answer(self, query: dict[str, Any]) -> list[dict[str, str]] | str:
        """Every row, or why there is none."""
        begun = call(self._api.start_query, query, self._sleep)
        if isinstance(begun, str):
            return begun
        deadline = self._clock() + PATIENCE_S
        while True:
            answer = call(self._api.get_query_results, {"queryId": begun["queryId"]}, self._sleep)
            if isinstance(answer, str):
                return answer
            status = answer["status"]
            if status == "Complete":
                return [{cell["field"]: cell["value"] for cell in row} for row in answer.get("results", ())]
            if status not in ("Scheduled", "Running"):
                return f"the query ended as {status}"
            if self._clock() > deadline:
                return f"the query did not end within {PATIENCE_S:g} s"
            self._sleep(POLL_S)


def _instant(text: str) -> float:
    """Unix seconds of ``2026-11-20 09:00:40.000``, which is UTC without saying so."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
