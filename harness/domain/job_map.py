"""A JobsMap: how a job API is asked and where its answers hold what is followed; the default is ``rag-jobs/1``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import quote, urlsplit

from harness.domain.field_map import value_at
from harness.domain.job import Killed, Status
from harness.domain.placeholders import filled, placeholders

RAG_JOBS = "rag-jobs/1"
IN_A_BODY = ("kind", "input", "callback_url", "key", "seq")
OF_INPUT = "input_"
_IN_PATH = re.compile(r"\{(id|answer\.[^{}\s]+)\}")


@dataclass(frozen=True)
class StatusPlaces:
    """Paths into a status answer, as ``value_at`` follows them; ages are durations at the moment of the answer."""

    status: str = "status"
    attempts: str | None = None
    queued_ms: str | None = None
    running_ms: str | None = None
    since_done_ms: str | None = None
    instance_id: str | None = None
    error_code: str | None = None


@dataclass(frozen=True)
class ResultPlaces:
    """Paths into a result; ``effects``: how often the job's effect became visible."""

    effects: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class CallbackMap:
    """What a callback holds; ``signature`` is the header with the HMAC-SHA256 of its body, ``secret`` the variable of its key."""

    id: str = "id"
    status: StatusPlaces = field(default_factory=StatusPlaces)
    delivery: str | None = None  # an id that stays the same when a delivery is retried
    signature: str | None = None
    prefix: str = "sha256="
    secret: str | None = None


@dataclass(frozen=True)
class JobsMap:
    """Paths are below the base URL; those of a job may hold ``{id}`` and ``{answer.PATH}``, a value of the submission's answer."""

    name: str
    submit: str
    body: Mapping[str, Any]
    statuses: tuple[int, ...]
    status_path: str
    words: Mapping[str, str]  # each word of the service to a Status
    id_at: str | None = None  # path in the submission's answer; None: the last part of the Location header
    status: StatusPlaces = field(default_factory=StatusPlaces)
    idempotency: str | None = None  # header that carries the key
    result_path: str | None = None
    result: ResultPlaces = field(default_factory=ResultPlaces)
    cancel_method: str = "DELETE"
    cancel_path: str | None = None
    callback: CallbackMap | None = None
    killed: Mapping[str, str] = field(default_factory=dict)  # error code to what ended the job from outside

    def request(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The body of a submission; ``{input_NAME}`` is one field of its input."""
        parts = {f"{OF_INPUT}{name}": value for name, value in (values.get("input") or {}).items()}
        wanted = [name for name in placeholders(self.body) if name in IN_A_BODY or name.startswith(OF_INPUT)]
        made: dict[str, Any] = filled(self.body, {**parts, **values}, tuple(wanted))
        return made

    def status_of(self, word: object) -> Status | None:
        """None for a word that it does not know, in whatever case."""
        known = {said.casefold(): Status(status) for said, status in self.words.items()}
        return known.get(word.casefold()) if isinstance(word, str) else None

    def killed_by(self, code: str | None) -> Killed | None:
        found = self.killed.get(code) if code is not None else None
        return None if found is None else Killed(found)

    @property
    def environment(self) -> tuple[str, ...]:
        """Variables that hold its secrets."""
        return (self.callback.secret,) if self.callback is not None and self.callback.secret else ()


def path_of(template: str, job_id: str, answer: Mapping[str, Any]) -> str:
    """The path of one job, its values escaped; what the answer does not hold leaves its place empty."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        said = job_id if name == "id" else value_at(answer, name.removeprefix("answer."))
        return quote(str(said if said is not None else ""), safe="")

    return _IN_PATH.sub(value, template)


def places_of_path(template: str) -> list[str]:
    """Whatever stands in braces."""
    return re.findall(r"\{([^{}]*)\}", template)


def id_in(location: str) -> str | None:
    """The last part of a Location's path."""
    return urlsplit(location).path.rstrip("/").rpartition("/")[2] or None


def rag_jobs() -> JobsMap:
    """The contract that the reference service speaks."""
    places = StatusPlaces(
        "status", "attempts", "queued_ms", "running_ms", "since_done_ms", "instance_id", error_code="error.code"
    )
    return JobsMap(
        name=RAG_JOBS,
        submit="/v1/jobs",
        body={"kind": "{kind}", "input": "{input}", "callback_url": "{callback_url}"},
        statuses=(202,),
        status_path="/v1/jobs/{id}",
        words={status.value: status.value for status in Status},
        id_at="id",
        status=places,
        idempotency="Idempotency-Key",
        result_path="/v1/jobs/{id}/result",
        result=ResultPlaces("effects", "tokens.input", "tokens.output", "result.model"),
        cancel_path="/v1/jobs/{id}",
        callback=CallbackMap("id", places, "delivery", "X-RagJobs-Signature", "sha256=", "RAG_JOBS_SECRET"),
        killed={killed.value: killed.value for killed in Killed},
    )


def jobs_map(data: Mapping[str, Any]) -> JobsMap:
    """From plain values, as ``dataclasses.asdict`` made them and JSON or msgpack carried them."""
    callback = data["callback"]
    if callback is not None:
        callback = CallbackMap(**{**callback, "status": StatusPlaces(**callback["status"])})
    own = {f.name: data[f.name] for f in fields(JobsMap)}
    return JobsMap(
        **{
            **own,
            "statuses": tuple(data["statuses"]),
            "status": StatusPlaces(**data["status"]),
            "result": ResultPlaces(**data["result"]),
            "callback": callback,
        }
    )
