"""Answers of a job API, read by the places that its map names: a submission's, a status, a result, a callback."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.dialects.numbers import count, milliseconds
from harness.dialects.shapes import Unexpected, json_object, json_value
from harness.domain.bounds import MOST_CODE, MOST_HEADER_TEXT, MOST_MODEL
from harness.domain.field_map import value_at
from harness.domain.job import Status
from harness.domain.job_map import id_in

if TYPE_CHECKING:
    from harness.domain.job_map import CallbackMap, JobsMap, ResultPlaces, StatusPlaces

MOST_ID = 200  # characters of a job's id
MOST_TIMES = 10**6  # attempts and effects that anybody counts


@dataclass(frozen=True)
class Accepted:
    """A submission that was taken: the job's id, and what else its answer holds."""

    job_id: str
    answer: dict[str, Any]


@dataclass(frozen=True)
class JobSaid:
    """What a service said of one job; ages in milliseconds at the moment of the answer."""

    status: Status
    attempts: int | None = None
    queued_ms: float | None = None
    running_ms: float | None = None
    since_done_ms: float | None = None
    instance_id: str | None = None
    error_code: str | None = None


@dataclass(frozen=True)
class Result:
    """What a job left."""

    effects: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    model: str | None = None


def accepted(how: JobsMap, body: bytes, location: str | None) -> Accepted:
    """Raises Unexpected where nothing says which job it is."""
    answer = json_object(body)
    if how.id_at is None:
        found = id_in(location) if location else None
        if found is None:
            raise Unexpected("no Location header that ends in the job's id")
    else:
        found = _word(value_at(json_value(body, "the answer"), how.id_at))
        if found is None:
            raise Unexpected(f"{how.id_at} is not the id of a job")
    if len(found) > MOST_ID or not found.isprintable():
        raise Unexpected(f"a job's id of more than {MOST_ID} characters, or with control characters")
    return Accepted(found, answer)


def status_in(how: JobsMap, body: bytes) -> JobSaid:
    """A status answer; raises Unexpected where it holds no word that the map knows."""
    return _said(how, how.status, json_value(body, "the status"))


def _said(how: JobsMap, at: StatusPlaces, value: Any) -> JobSaid:  # noqa: ANN401 - a JSON value
    word = value_at(value, at.status)
    status = how.status_of(word)
    if status is None:
        known = ", ".join(how.words)
        raise Unexpected(f"{at.status} is {str(word)[:MOST_CODE]!r}, which is none of {known}")
    return JobSaid(
        status,
        _times(value_at(value, at.attempts), at.attempts),
        milliseconds(value_at(value, at.queued_ms), at.queued_ms or ""),
        milliseconds(value_at(value, at.running_ms), at.running_ms or ""),
        milliseconds(value_at(value, at.since_done_ms), at.since_done_ms or ""),
        _text(value_at(value, at.instance_id), MOST_HEADER_TEXT),
        _text(value_at(value, at.error_code), MOST_CODE),
    )


def result_in(places: ResultPlaces, body: bytes) -> Result:
    """Raises Unexpected where a field is not the number it should be."""
    value = json_value(body, "the result")
    return Result(
        _times(value_at(value, places.effects), places.effects),
        count(value_at(value, places.input_tokens), places.input_tokens or ""),
        count(value_at(value, places.output_tokens), places.output_tokens or ""),
        _text(value_at(value, places.model), MOST_MODEL),
    )


@dataclass(frozen=True)
class Called:
    """A callback: which job, what it says of it, and the delivery that it belongs to."""

    job_id: str
    said: JobSaid
    delivery: str | None


def called(how: JobsMap, callback: CallbackMap, body: bytes) -> Called:
    """Raises Unexpected where the body is not a job's callback."""
    value = json_value(body, "the callback")
    job_id = _word(value_at(value, callback.id))
    if job_id is None:
        raise Unexpected(f"{callback.id} is not the id of a job")
    return Called(
        job_id, _said(how, callback.status, value), _text(value_at(value, callback.delivery), MOST_HEADER_TEXT)
    )


def signed(body: bytes, secret: bytes, given: str | None, prefix: str) -> bool:
    """Whether the header is the HMAC-SHA256 of this body; compared in constant time."""
    wanted = prefix + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return given is not None and hmac.compare_digest(wanted.encode(), given.strip().encode())


def _times(value: object, field: str | None) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_TIMES:
        raise Unexpected(f"{field} is not a whole number from 0")
    return value


def _text(value: object, most: int) -> str | None:
    found = _word(value)
    return None if found is None else found[:most]


def _word(value: object) -> str | None:
    """A text or a whole number, as text; an empty one says nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None
