"""Workload: one kind of work of the product, what it is expected to take, and what it promises."""

from __future__ import annotations

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


OF_JOBS = (Promise.FRESHNESS, Promise.DONE, Promise.LOST)
