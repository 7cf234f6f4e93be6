"""A Prometheus server's range queries as a metric source, with ready sets and a team's own.

Verified: real peer; the tests scrape a real exporter with a real server. What one
must know: the answer is a matrix of series, values are strings and may be ``NaN``;
a warning means a part of the answer may be missing; metric names that an exporter
does not have give an empty answer and no error.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from harness.domain.reading import Absent, Reading, Series, Window
from harness.sources.prometheus_sets import Query

STEP_S = 15
MOST_POINTS = 11_000  # a series and a query, beyond which the server refuses
TRIES, FIRST_WAIT_S = 4, 1.0


class Prometheus:
    """Each query is one series or, where it has several, one a label set."""

    kind = "prometheus"
    verified = "real peer"
    settle_s = 60.0
    keeps_s = 15 * 86_400.0  # what a server keeps unless told otherwise

    def __init__(
        self,
        url: str,
        queries: Mapping[str, Query],
        *,
        headers: Mapping[str, str] | None = None,
        step_s: int = STEP_S,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url, self._headers, self._transport = url, headers, transport
        self._queries = queries
        self._step_s = step_s
        self._sleep = sleep
        self._raw: list[dict[str, Any]] = []

    def read(self, window: Window) -> list[Reading]:
        """At whole steps that cover the window; points outside of it are dropped."""
        out: list[Reading] = []
        with httpx.Client(
            base_url=self._url, headers=self._headers, timeout=60, trust_env=False, transport=self._transport
        ) as client:
            for name, query in self._queries.items():
                out += self._one(client, name, query, window)
        return out

    def raw(self) -> list[dict[str, Any]]:
        raw, self._raw = self._raw, []
        return raw

    def _one(self, client: httpx.Client, name: str, query: Query, window: Window) -> list[Reading]:
        step = max(self._step_s, math.ceil((window.end_unix_s - window.start_unix_s) / MOST_POINTS))
        asked = {
            "query": query.promql,
            "start": math.floor(window.start_unix_s / step) * step,
            "end": math.ceil(window.end_unix_s / step) * step,
            "step": step,
        }
        said = json.dumps(asked, sort_keys=True)
        answer = self._answer(client, asked)
        if isinstance(answer, str):
            return [Absent(name, answer, said, self.kind, failed=True)]
        self._raw.append({"operation": "query_range", "request": asked, "answer": answer})
        if answer["data"]["resultType"] != "matrix":
            return [Absent(name, f"the answer is a {answer['data']['resultType']}, not a matrix", said, self.kind)]
        found = []
        for series in answer["data"]["result"]:
            points = tuple(
                (at, value)
                for at, text in series["values"]
                if math.isfinite(value := float(text)) and window.start_unix_s <= at < window.end_unix_s
            )
            if points:
                found.append(Series(name + _labels(series["metric"]), query.unit, points, said, self.kind))
        why = "no data point in this window: the exporter has no such metric, or nothing matches its labels"
        return list(found) or [Absent(name, why, said, self.kind)]

    def _answer(self, client: httpx.Client, asked: Mapping[str, Any]) -> dict[str, Any] | str:
        """The server's JSON, or why there is none; a busy or starting server is asked again."""
        for attempt in range(TRIES):
            try:
                answer = client.post("/api/v1/query_range", data=dict(asked))
                busy = answer.status_code in (429, 503)
                said = answer.json()
            except httpx.HTTPError as error:
                busy, said = True, {"error": f"{type(error).__name__}: {error}"}
            except ValueError:
                said = {"error": f"HTTP {answer.status_code} without JSON"}
            if not isinstance(said, dict):  # a proxy's page, not the server
                said = {"error": f"HTTP {answer.status_code} with JSON that is no answer of Prometheus"}
            if not busy:
                break
            if attempt + 1 < TRIES:
                self._sleep(FIRST_WAIT_S * 2**attempt)
        if said.get("status") != "success":
            return str(said.get("error") or "no answer")
        if warnings := said.get("warnings"):
            return f"the server warns that the answer may not be whole: {'; '.join(warnings)}"
        return dict(said)


def _labels(metric: Mapping[str, str]) -> str:
    """What tells one series of a query from another."""
    own = {k: v for k, v in sorted(metric.items()) if k != "__name__"}
    return "".join(("{", ",".join(f'{k}="{v}"' for k, v in own.items()), "}")) if own else ""
