"""Readings: what the platforms say, one row a point, and one for each metric that they do not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from harness.domain.columns import Column, flags, floats, instants, texts, words
from harness.errors import BadFile, Problem
from harness.evidence.files import read_json
from harness.evidence.schema import READINGS_FORMAT
from harness.frames.runs import KEYS, Made

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
            said = read_json(path, READINGS_FORMAT)
            try:
                yield from _of(one, said)
            except (KeyError, TypeError, ValueError) as error:
                raise BadFile(path, [Problem("", f"is not a file of readings: {error!r}")]) from None


def _of(one: Made, said: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for r in said["readings"]:
        head, tail = (*one.key, r["source"], r["metric"]), (said.get("verified"), r["query"])
        if r["kind"] == "absent":
            yield (*head, None, None, None, r["reason"], bool(r.get("failed")), *tail)
        elif not r["points"]:
            yield (*head, None, None, r["unit"], "the series has no point", False, *tail)
        for at, value in r["points"] if r["kind"] == "series" else ():
            yield (*head, datetime.fromtimestamp(at, UTC).isoformat(), value, r["unit"], None, False, *tail)
