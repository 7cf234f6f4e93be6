"""A Prometheus server's range queries as a metric source, with ready sets and a team's own.

Verified: real peer; the tests scrape a real exporter with a real server. What one
must know: the answer is a matrix of series, values are strings and may be ``NaN``;
a native histogram comes under a name of its own and is no number until a query makes
it one; a warning means a part of the answer may be missing; metric names that an
exporter does not have give an empty answer and no error.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import httpx

from harness.domain.reading import Absent, Reading, Series, Window
from harness.domain.reasons.reading import NativeHistogram, NoSuchSeries, NotAMatrix
from harness.platforms.shared.absence import readings
from harness.platforms.shared.answer import Answer, NoAnswer, answered, brief, printable
from harness.platforms.shared.http_client import HttpClient
from harness.platforms.shared.prometheus_sets import Query

STEP_S = 15
MOST_POINTS = 11_000  # a series and a query, beyond which the server refuses


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
        with HttpClient(
            base_url=self._url,
            headers=self._headers,
            trust_env=False,
            transport=self._transport,
            questions=("POST",),  # of a query, which may be longer than a URL
            sleep=self._sleep,
        ) as client:
            for name, query in self._queries.items():
                asked = self._question(query, window)
                said = json.dumps(asked, sort_keys=True)
                make = partial(self._one, client, name, query, asked, window)
                out += readings([name], said, self.kind, make)
        return out

    def raw(self) -> list[dict[str, Any]]:
        raw, self._raw = self._raw, []
        return raw

    def _question(self, query: Query, window: Window) -> dict[str, Any]:
        step = max(self._step_s, math.ceil((window.end_unix_s - window.start_unix_s) / MOST_POINTS))
        return {
            "query": query.promql,
            "start": math.floor(window.start_unix_s / step) * step,
            "end": math.ceil(window.end_unix_s / step) * step,
            "step": step,
        }

    def _one(self, client: HttpClient, name: str, query: Query, asked: dict[str, Any], window: Window) -> list[Reading]:
        said = json.dumps(asked, sort_keys=True)
        data = self._answer(client, asked)["data"]
        kind = data["resultType"].text()
        if kind != "matrix":
            return [Absent(name, NotAMatrix(printable(kind)), said, self.kind)]
        out: list[Reading] = []
        for series in data["result"].rows():
            own = name + _labels(series["metric"])
            if points := _points(series, window):
                out.append(Series(own, query.unit, points, said, self.kind))
            if series["histograms"].rows():
                out.append(Absent(f"{own} histograms", NativeHistogram(), said, self.kind))
        return out or [Absent(name, NoSuchSeries(), said, self.kind)]

    def _answer(self, client: HttpClient, asked: Mapping[str, Any]) -> Answer:
        """The server's JSON, kept as it came; raises NoAnswer."""
        try:
            answer = client.post("/api/v1/query_range", data=dict(asked))
            said = answer.json()
        except httpx.HTTPError as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        except (ValueError, RecursionError):
            said = {"error": f"HTTP {answer.status_code} without JSON"}
        if not isinstance(said, dict):  # a proxy's page, not the server
            self._raw.append({"operation": "query_range", "request": dict(asked), "answer": said})
            said = {"error": f"HTTP {answer.status_code} with JSON that is not a Prometheus response: {brief(said)}"}
        self._raw.append({"operation": "query_range", "request": dict(asked), "answer": said})
        if said.get("status") != "success":
            raise NoAnswer(printable(str(said.get("error") or "no answer")))
        whole = answered(said)
        if warnings := whole["warnings"].rows():
            words = "; ".join(str(warning.value) for warning in warnings)
            raise NoAnswer(printable(f"the server warns that the answer may not be whole: {words}"))
        return whole


def _points(series: Answer, window: Window) -> tuple[tuple[float, float], ...]:
    found = []
    for point in series["values"].rows():
        at, value = _pair(point)
        seconds, figure = at.number(), value.figure()
        if figure is not None and window.start_unix_s <= seconds < window.end_unix_s:
            found.append((seconds, figure))
    return tuple(found)


def _pair(point: Answer) -> tuple[Answer, Answer]:
    both = point.rows()
    if len(both) != 2:
        raise point.unlike("an instant and its value")
    return both[0], both[1]


def _labels(metric: Answer) -> str:
    """What tells one series of a query from another."""
    own = {k: v.text() for k, v in sorted(metric.fields().items()) if k != "__name__"}
    return "".join(("{", ",".join(f'{k}="{v}"' for k, v in own.items()), "}")) if own else ""
