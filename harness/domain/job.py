"""A Job: work that is submitted, done later, and asked for or called back; one row a submission, whatever became of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any


class Status(StrEnum):
    """What a service says of a job; the words of ``rag-jobs/1``."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DEAD = "dead"


class JobState(StrEnum):
    """How a submission ended; ``DONE`` is the only success, and ``UNFINISHED`` is never called lost."""

    DONE = "done"
    FAILED = "failed"
    DEAD_LETTERED = "dead_lettered"
    CANCELLED = "cancelled"
    LOST = "lost"  # accepted, and the service no longer knows it or never said a word of it
    UNFINISHED = "unfinished"  # known, and not done when the run ended
    NOT_ACCEPTED = "not_accepted"


class Killed(StrEnum):
    """What ended a job from outside, where its error says so."""

    TIME = "time_limit"
    MEMORY = "memory_limit"
    WORKER = "worker_lost"


class Fate(StrEnum):
    """What may become of a job other than being done once."""

    NOT_ACCEPTED = "not_accepted"
    LOST = "lost"
    TWICE = "twice"
    DEAD_LETTERED = "dead_lettered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNFINISHED = "unfinished"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    WORKER_LOST = "worker_lost"


END: dict[Status, JobState] = {
    Status.DONE: JobState.DONE,
    Status.FAILED: JobState.FAILED,
    Status.CANCELLED: JobState.CANCELLED,
    Status.DEAD: JobState.DEAD_LETTERED,
}


@dataclass(slots=True)
class Job:
    """A row of jobs.parquet, filled in while the job is followed.

    ``*_s`` are instants from the run's start on its one monotonic clock, as in samples.parquet; what did not happen or
    nobody said is None. ``done_s`` rests on the age that the service told; without one, done lies between
    ``not_done_s`` and ``known_s``.
    """

    seq: int
    job_id: str | None
    kind: str
    phase: str
    measured: bool
    scheduled_s: float
    accepted_s: float | None = None
    started_s: float | None = None
    done_s: float | None = None
    known_s: float | None = None
    called_s: float | None = None
    not_done_s: float | None = None
    state: str = JobState.NOT_ACCEPTED
    attempts: int | None = None
    effects: int | None = None
    callbacks: int | None = None
    killed_by: str | None = None
    queued_ms: float | None = None
    running_ms: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    model: str | None = None
    instance_id: str | None = None
    polls: int | None = None
    size_bytes: int | None = None
    error_code: str | None = None
    worker: int | None = None
    detail: str | None = None

    def row(self) -> tuple[Any, ...]:
        """Values in the order of ``JOB_COLUMNS``."""
        return _row(self)


JOB_COLUMNS = tuple(field.name for field in dataclasses.fields(Job))
_row = attrgetter(*JOB_COLUMNS)


IN_AN_INPUT = ("key", "seq", "text")


@dataclass(frozen=True, slots=True)
class JobShape:
    """One kind of submission; ``weight`` says how often it comes, ``id`` names it in the samples.

    ``input`` may hold ``{key}`` (the job's own idempotency key), ``{seq}`` and ``{text}``: ``size_kb`` of text, each
    job's different.
    """

    id: str
    kind: str
    input: dict[str, Any]
    weight: float = 1.0
    size_kb: float = 0.0
