"""[jobs] of target.toml: a job API of a team's own; without it a target that speaks rag-chat/1 speaks rag-jobs/1 too."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from harness.domain.job import Killed, Status
from harness.domain.job_map import IN_A_BODY, OF_INPUT, CallbackMap, JobsMap, ResultPlaces, StatusPlaces, places_of_path
from harness.domain.placeholders import placeholders
from harness.tables.table import Table
from harness.tables.values import HeaderName, Variable
from harness.workspace.api_toml import secret_fields
from harness.workspace.mapping_toml import PATH

JOB_PATH = r"^/\S*$"


def _of_a_job(value: str) -> str:
    unknown = [name for name in places_of_path(value) if name != "id" and not name.startswith("answer.")]
    if unknown:
        raise ValueError(
            f"{{{unknown[0]}}} stands for nothing: want {{id}}, or {{answer.PATH}} of what the submission answered"
        )
    return value


class JobStatusTable(Table):
    """Paths into a status; ages are durations in milliseconds at the moment of the answer, for clocks are not compared."""

    status: str = Field("status", pattern=PATH)
    attempts: str | None = Field(None, pattern=PATH)
    queued_ms: str | None = Field(None, pattern=PATH)
    running_ms: str | None = Field(None, pattern=PATH)
    since_done_ms: str | None = Field(None, pattern=PATH)
    instance_id: str | None = Field(None, pattern=PATH)
    error_code: str | None = Field(None, pattern=PATH)

    def places(self) -> StatusPlaces:
        return StatusPlaces(**self.model_dump(include=set(JobStatusTable.model_fields)))


class JobResultTable(Table):
    """Where a finished job's result is, and paths into it."""

    path: str = Field(pattern=JOB_PATH)
    effects: str | None = Field(None, pattern=PATH)
    input_tokens: str | None = Field(None, pattern=PATH)
    output_tokens: str | None = Field(None, pattern=PATH)
    model: str | None = Field(None, pattern=PATH)

    _placed = field_validator("path")(_of_a_job)

    def places(self) -> ResultPlaces:
        return ResultPlaces(**self.model_dump(exclude={"path"}))


class JobCancelTable(Table):
    """How a job is taken back."""

    method: Literal["DELETE", "POST", "PUT"] = "DELETE"
    path: str = Field(pattern=JOB_PATH)

    _placed = field_validator("path")(_of_a_job)


class JobCallbackTable(JobStatusTable):
    """What the service posts to ``{callback_url}``; ``signature`` is the header with the HMAC-SHA256 of its body."""

    id: str = Field("id", pattern=PATH)
    delivery: str | None = Field(None, pattern=PATH)
    signature: HeaderName | None = None
    prefix: str = Field("sha256=", max_length=40)
    secret: Variable | None = None

    @model_validator(mode="after")
    def _signed_with_a_secret(self) -> JobCallbackTable:
        if (self.signature is None) != (self.secret is None):
            raise ValueError("signature and secret go together: the header, and the variable with the key")
        return self

    def made(self) -> CallbackMap:
        return CallbackMap(self.id, self.places(), self.delivery, self.signature, self.prefix, self.secret)


class JobsTable(Table):
    """How jobs are submitted and followed."""

    submit: str = Field(pattern=JOB_PATH)
    body: dict[str, Any] = Field(min_length=1)
    accepted: tuple[int, ...] = Field(default=(202,), min_length=1, max_length=5)
    id: str | None = Field(None, pattern=PATH)
    idempotency: HeaderName | None = None
    status_path: str = Field(pattern=JOB_PATH)
    status: JobStatusTable = Field(default_factory=lambda: JobStatusTable.model_validate({}))
    words: dict[str, tuple[str, ...]] = Field(min_length=1)
    result: JobResultTable | None = None
    cancel: JobCancelTable | None = None
    callback: JobCallbackTable | None = None
    killed: dict[str, Killed] = Field(default_factory=dict, max_length=50)

    _placed = field_validator("status_path")(_of_a_job)

    @field_validator("submit")
    @classmethod
    def _plain(cls, value: str) -> str:
        if found := places_of_path(value):
            raise ValueError(f"{{{found[0]}}}: a submission's path has no placeholder")
        return value

    @field_validator("accepted")
    @classmethod
    def _successes(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if wrong := [status for status in value if not 200 <= status < 300]:
            raise ValueError(f"{wrong[0]} is not a status of success: want 200 to 299")
        return value

    @field_validator("body")
    @classmethod
    def _placeholders(cls, value: dict[str, Any]) -> dict[str, Any]:
        if unknown := [n for n in placeholders(value) if n not in IN_A_BODY and not n.startswith(OF_INPUT)]:
            known = ", ".join(f"{{{name}}}" for name in IN_A_BODY)
            raise ValueError(
                f"{{{unknown[0]}}} stands for nothing: want one of {known}, or {{input_NAME}} for a field of the input"
            )
        if names := secret_fields(value):
            raise ValueError(
                f"{', '.join(names)}: looks like a secret, which would stand in evidence: send it as a header"
            )
        return value

    @field_validator("words")
    @classmethod
    def _known(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        known = [status.value for status in Status]
        if unknown := [name for name in value if name not in known]:
            raise ValueError(f"{unknown[0]!r}: want one of {', '.join(known)}, each with the service's words for it")
        said = [word.casefold() for words in value.values() for word in words]
        if twice := sorted({word for word in said if said.count(word) > 1}):
            raise ValueError(f"{', '.join(twice)}: means two things")
        if not value.get(Status.DONE.value):
            raise ValueError("done = […] is missing: no job would ever be known to be done")
        return value

    @model_validator(mode="after")
    def _followable(self) -> JobsTable:
        problems = []
        texts = (self.status_path, self.result.path if self.result else "", self.cancel.path if self.cancel else "")
        if not places_of_path(self.status_path):
            problems.append("status_path: names no job: want {id}, or {answer.PATH}, in it")
        asked = "callback_url" in placeholders(self.body)
        if self.callback is not None and not asked:
            problems.append("[jobs.callback] requires {callback_url} in body: nobody would know where to call")
        if self.callback is None and asked:
            problems.append("{callback_url} requires [jobs.callback]: what the service posts there")
        if self.id is None and any("{answer." in text for text in texts):
            problems.append("{answer.PATH} requires id: what comes with Location alone has no body to look in")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def made(self) -> JobsMap:
        return JobsMap(
            name="mapped",
            submit=self.submit,
            body=self.body,
            statuses=self.accepted,
            status_path=self.status_path,
            words={word: status for status, words in self.words.items() for word in words},
            id_at=self.id,
            status=self.status.places(),
            idempotency=self.idempotency,
            result_path=self.result.path if self.result else None,
            result=self.result.places() if self.result else ResultPlaces(),
            cancel_method=self.cancel.method if self.cancel else "DELETE",
            cancel_path=self.cancel.path if self.cancel else None,
            callback=self.callback.made() if self.callback else None,
            killed={code: killed.value for code, killed in self.killed.items()},
        )
