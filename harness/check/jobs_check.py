"""Tries one job on a live target: submitted, asked for until it is done, its result read, as a run would do it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import orjson

from harness.check.answer_check import NotTold
from harness.check.symptoms import CannotTell, judge, want
from harness.dialects.jobs import Accepted, JobSaid, accepted, result_in, status_in
from harness.dialects.shapes import Unexpected
from harness.domain.job import END, IN_AN_INPUT, JobShape, Status
from harness.domain.job_map import RAG_JOBS, JobsMap, path_of
from harness.domain.placeholders import filled

if TYPE_CHECKING:
    from harness.load.ask import Asked, Asker

T = TypeVar("T")
WAIT_S = 60.0
POLL_S = 0.5
TEXT = "A short note, submitted to see how a job is done."
OK, GONE = 200, (404, 410)


class JobChecks:
    """One job through its life; each method is one check, its docstring its name, in the order in which they are made."""

    def __init__(self, asker: Asker, how: JobsMap, shape: JobShape, wait_s: float = WAIT_S) -> None:
        self._asker, self._how, self._shape, self._wait_s = asker, how, shape, wait_s
        self._key = f"pilot-check-{uuid.uuid4().hex}"
        self._found: Accepted | None = None
        self._last: JobSaid | None = None

    @property
    def checks(self) -> tuple[Callable[[], str], ...]:
        """Those that this API has something for."""
        more = [self.same_key] if self._how.idempotency else []
        last = [self.result] if self._how.result_path else []
        return (self.submission, *more, self.done, self.ages, *last, self.unknown)

    def submission(self) -> str:
        """A job is accepted, and has an id"""
        self._found = self._submitted()
        return f"{self._shape.kind}: {self._found.job_id[:60]}"

    def same_key(self) -> str:
        """A submission with the same key is the same job"""
        first, again = self._job(), self._submitted()
        want(again.job_id == first.job_id, f"it became another job, {again.job_id[:60]}")
        return ""

    def done(self) -> str:
        """Its status is read until it is done"""
        until, began = time.monotonic() + self._wait_s, time.monotonic()
        while True:
            self._last = said = self._status()
            if said.status is Status.DONE:
                return f"after {time.monotonic() - began:.1f} s"
            if said.status in END:
                want(False, f"it ended as {said.status.value}{f' ({said.error_code})' if said.error_code else ''}")  # noqa: FBT003
            if time.monotonic() > until:
                raise CannotTell(f"it is still {said.status.value} after {self._wait_s:g} s")
            time.sleep(POLL_S)

    def ages(self) -> str:
        """A status says for how long a job has been done"""
        if self._last is None or self._last.status is not Status.DONE:
            raise CannotTell("no job finished to show it")
        if self._last.since_done_ms is None:
            raise NotTold("done is then known only by polling, as exactly as the run polls")
        return ""

    def result(self) -> str:
        """Its result is read"""
        if self._last is None or self._last.status is not Status.DONE:
            raise CannotTell("no job finished, so there is no result to read")
        asked = self._asker.send("GET", self._path(self._how.result_path or ""))
        judge(asked)
        want(asked.said.status == OK, f"answered {asked.said.status}", asked)
        found = self._read(asked, lambda body: result_in(self._how.result, body))
        want(found.effects in (None, 1), f"its effect became visible {found.effects} times", asked)
        return "" if found.effects is None else "its effect is visible once"

    def unknown(self) -> str:
        """A job that nobody submitted is not known"""
        answer = self._found.answer if self._found else {}
        nobody = str(uuid.uuid4())
        asked = self._asker.send("GET", path_of(self._how.status_path, nobody, answer))
        judge(asked)
        if asked.said.status == OK and self._how.name != RAG_JOBS:  # as Celery's, whose unknown tasks wait for ever
            raise NotTold("a lost job looks like one that waits: it will count as unfinished")
        want(asked.said.status in GONE, f"answered {asked.said.status}, not 404: a lost job would go unnoticed", asked)
        return ""

    def _submitted(self) -> Accepted:
        own = {"key": self._key, "seq": 0, "text": TEXT}
        given = {
            "kind": self._shape.kind,
            "input": filled(self._shape.input, own, IN_AN_INPUT),
            "key": self._key,
            "seq": 0,
        }
        body = orjson.dumps(self._how.request(given))
        headers = {self._how.idempotency: self._key} if self._how.idempotency else {}
        asked = self._asker.send("POST", self._how.submit, body, headers)
        judge(asked)
        wanted = " or ".join(map(str, self._how.statuses))
        want(asked.said.status in self._how.statuses, f"answered {asked.said.status}, not {wanted}", asked)
        return self._read(asked, lambda data: accepted(self._how, data, asked.said.header("location")))

    def _status(self) -> JobSaid:
        asked = self._asker.send("GET", self._path(self._how.status_path))
        judge(asked)
        want(asked.said.status == OK, f"a question about it was answered with {asked.said.status}", asked)
        return self._read(asked, lambda body: status_in(self._how, body))

    def _path(self, template: str) -> str:
        job = self._job()
        return path_of(template, job.job_id, job.answer)

    def _job(self) -> Accepted:
        if self._found is None:
            raise CannotTell("no job was accepted")
        return self._found

    @staticmethod
    def _read(asked: Asked, read: Callable[[bytes], T]) -> T:
        try:
            return read(asked.said.plain)
        except Unexpected as error:
            want(False, str(error), asked)  # noqa: FBT003
            raise


def speaks_jobs(asker: Asker, how: JobsMap | None, *, declared: bool) -> bool:
    """Whether there is anything to try: it is declared, or /v1/meta names the contract."""
    if how is None or declared:
        return how is not None
    jobs = asker.send("GET", "/v1/meta").said.fields.get("jobs")
    return isinstance(jobs, dict) and jobs.get("contract") == how.name
