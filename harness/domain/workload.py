"""Workload: one kind of work of the product, what it is expected to take, and what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class WorkKind(StrEnum):
    """Whether its caller waits for the answer, or submits it and asks for the result later."""

    REQUEST = "request"
    JOB = "job"


class Promise(StrEnum):
    """What a workload may promise; each is a field of ``[workloads.NAME.slo]``."""

    RESPONSE = "response_p95_s"  # from the intended send; of a job until it is accepted
    FRESHNESS = "freshness_p95_s"  # from the intended submission until the result shows where it is read
    DONE = "done_within_s"  # p95, from the intended submission until it is done
    LOST = "lost"  # jobs that were accepted and never came to an end
    COST = "usd_per_thousand"


CALLED: Mapping[Promise, str] = {  # by people: in verdicts, tables and doubts
    Promise.RESPONSE: "p95 response time",
    Promise.FRESHNESS: "p95 freshness",
    Promise.DONE: "p95 time to done",
    Promise.LOST: "lost jobs",
    Promise.COST: "cost of a thousand",
}
OF_JOBS = (Promise.FRESHNESS, Promise.DONE, Promise.LOST)
OF_TIME = (Promise.RESPONSE, Promise.FRESHNESS, Promise.DONE)


@dataclass(frozen=True)
class Workload:
    """One kind of work; what is None is not known. ``declared``: somebody said all of it in pilot.toml."""

    name: str
    kind: WorkKind
    waited_for: bool
    title: str = ""
    measured_by: str | None = None
    per_month: int | None = None
    size_kb: float | None = None
    duration_s: float | None = None
    memory_mb: float | None = None
    promises: Mapping[Promise, float] = field(default_factory=dict)
    declared: bool = True

    @property
    def label(self) -> str:
        return self.title or self.name

    @property
    def timed(self) -> bool:
        """Whether a start that delays it could be noticed: by a person who waits, or by a promise of time."""
        return self.waited_for or any(promise in self.promises for promise in OF_TIME)
