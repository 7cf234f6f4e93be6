"""A Lambda function's own log lines from CloudWatch Logs, through FilterLogEvents.

Verified: spec only; requests and answers are held to botocore's service model in the
tests. FilterLogEvents costs nothing a call beyond its own quota and pages by token,
an empty page does not mean the end. Web functions write no line a request and are
said to do so, for an empty answer would look like an idle function.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from harness.domain.reading import Window
from harness.platforms.aws_lambda.log_readings import LambdaReadings
from harness.platforms.shared.answer import pages
from harness.platforms.shared.recorded import taken

# "?" is CloudWatch Logs' or: text lines and JSON events alike
PATTERN = '?REPORT ?"platform.report" ?"platform.initReport" ?"platform.invoke"'


class LogApi(Protocol):
    """The one call of a CloudWatch Logs client that is used."""

    def filter_log_events(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: ANN401


class LambdaLogs(LambdaReadings):
    """REPORT and INIT_REPORT lines of one log group."""

    kind = "lambda-logs"

    def __init__(self, api: LogApi, log_group: str) -> None:
        super().__init__()
        self._api = api
        self._group = log_group

    def raw(self) -> list[dict[str, Any]]:
        """Questions and answers where they could not be read; else the lines are kept, which hold the same."""
        kept = taken(self._api)
        return kept if self._failed else []

    def _query(self, window: Window) -> dict[str, Any]:
        return {
            "logGroupName": self._group,
            "startTime": int(window.start_unix_s * 1000),
            "endTime": int(window.end_unix_s * 1000),
            "filterPattern": PATTERN,
        }

    def _fetch(self, window: Window) -> None:
        for page in pages(self._api.filter_log_events, self._query(window), "nextToken", "nextToken"):
            found = {
                e["eventId"].text(): (e["timestamp"].number() / 1000, e["message"].text())
                for e in page["events"].rows()
            }
            self._take(found, window)
