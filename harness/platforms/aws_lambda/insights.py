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
from typing import Any, Protocol

from harness.domain.reading import Window
from harness.platforms.aws_lambda.log_readings import LambdaReadings
from harness.platforms.shared.answer import Answer, NoAnswer, answer_of, printable
from harness.platforms.shared.recorded import taken

MOST_ROWS = 10_000
SLICE_S = 3600
POLL_S, PATIENCE_S = 1.0, 600.0
MISSING = Answer(None, "a row's cell")
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
        """Questions with their statistics; the rows are kept as lines, or here where they could not be read."""
        kept = taken(self._api)
        return kept if self._failed else [{**said, "answer": _without_rows(said["answer"])} for said in kept]

    def _query(self, window: Window) -> dict[str, Any]:
        start, end = math.floor(window.start_unix_s), math.ceil(window.end_unix_s)
        return {"logGroupName": self._group, "startTime": start, "endTime": end, "queryString": QUERY}

    def _fetch(self, window: Window) -> None:
        whole = self._query(window)
        for start in range(whole["startTime"], whole["endTime"], SLICE_S):
            end = min(start + SLICE_S, whole["endTime"])
            self._slice({**whole, "startTime": start, "endTime": end}, window)

    def _slice(self, query: dict[str, Any], window: Window) -> None:
        rows = self._answer(query)
        start, end = query["startTime"], query["endTime"]
        if len(rows) >= MOST_ROWS:
            if end - start <= 1:
                raise NoAnswer(f"more than {MOST_ROWS} lines in one second, which Logs Insights cannot give")
            middle = (start + end) // 2
            self._slice({**query, "endTime": middle}, window)
            self._slice({**query, "startTime": middle}, window)
            return
        for row in rows:
            cells = {cell["field"].text(): cell["value"] for cell in row.rows()}
            name, at, message = (cells.get(field, MISSING) for field in ("@ptr", "@timestamp", "@message"))
            self._take({name.text(): (at.moment(), message.text())}, window)

    def _answer(self, query: dict[str, Any]) -> list[Answer]:
        """Every row; raises NoAnswer."""
        number = answer_of(self._api.start_query, query)["queryId"].text()
        deadline = self._clock() + PATIENCE_S
        while True:
            answer = answer_of(self._api.get_query_results, {"queryId": number})
            status = answer["status"].text()
            if status == "Complete":
                return answer["results"].rows()
            if status not in ("Scheduled", "Running"):
                raise NoAnswer(printable(f"the query ended as {status}"))
            if self._clock() > deadline:
                raise NoAnswer(f"the query did not end within {PATIENCE_S:g} s")
            self._sleep(POLL_S)


def _without_rows(answer: object) -> object:
    return {k: v for k, v in answer.items() if k != "results"} if isinstance(answer, Mapping) else answer
