"""Readings: what the platforms say, one row a point, and one for each metric that they do not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from harness.domain.columns import Column, flags, floats, instants, texts, words
from harness.domain.reason import Reason, as_recorded
from harness.domain.reasons.reading import EmptySeries
from harness.errors import BadFile, Problem
from harness.evidence.files import read_json
from harness.evidence.schema import READINGS_FORMAT
from harness.frames.runs import KEYS, Made
from harness.words import said

READINGS: tuple[Column, ...] = (
    *KEYS,
    *words(
        source="kind of the source, as in [[sources]]",
        metric="what was asked for, in the platform's words",
    ),
    *instants(at_utc="time of the point"),
    *floats(value="the platform's figure in `unit`; NA: see `value_absent`"),
    *words(unit="unit of the value, as the platform says"),
    *texts(value_absent="why there is no value; NA: there is one"),
    *words(value_absent_kind="the kind of that; `as_recorded`: an older version wrote it"),
    *flags(failed="the question got no answer and is asked again; false: the answer holds nothing"),
    *words(verified="against what the adapter was verified"),
    *texts(query="the question, so that it can be asked again"),
)


def rows(runs: Iterable[Made]) -> Iterator[tuple[Any, ...]]:
    """In the order of ``READINGS``; a run whose readings were not collected has none."""
    for one in runs:
        for path in sorted((one.record.path / "readings").glob("*.json")):
            if (
                ".try-" in path.name
            ):  # questions that got no answer: the readings that stand are beside them, or to come
                continue
            content = read_json(path, READINGS_FORMAT)
            try:
                yield from _of(one, content)
            except (KeyError, TypeError, ValueError) as error:
                raise BadFile(path, [Problem("", f"is not a file of readings: {error!r}")]) from None


def _of(one: Made, content: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for r in content["readings"]:
        head, tail = (*one.key, r["source"], r["metric"]), (content.get("verified"), r["query"])
        absent: Reason | None = None
        if r["kind"] == "absent":
            absent = as_recorded((r["reason"],), (r.get("reason_kind", ""),))[0]
        elif not r["points"]:
            absent = EmptySeries()
        if absent is not None:
            yield (*head, None, None, r.get("unit"), said(absent), absent.kind, bool(r.get("failed")), *tail)
        for at, value in r["points"] if r["kind"] == "series" else ():
            yield (*head, datetime.fromtimestamp(at, UTC).isoformat(), value, r["unit"], None, None, False, *tail)
