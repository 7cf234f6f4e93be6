"""[workloads.NAME] of pilot.toml: the product's kinds of work, measured or not, and the promises of each."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from harness.domain import bounds
from harness.domain.workload import OF_JOBS, Promise, WorkKind, Workload
from harness.tables.table import Table
from harness.tables.values import AnswerSeconds, JobSeconds, Kilobytes, Line, Megabytes, Monthly, Name, UsdAbove0


class WorkloadSlos(Table):
    """Promises of one workload; without any, a request that is measured under a judged profile keeps those of [slo]."""

    response_p95_s: AnswerSeconds | None = None
    freshness_p95_s: JobSeconds | None = None
    done_within_s: JobSeconds | None = None
    lost: Literal[0] | None = None
    usd_per_thousand: UsdAbove0 | None = None

    @property
    def said(self) -> dict[Promise, float]:
        """Limits of the promises that are made, in the order of ``Promise``."""
        limits = ((promise, getattr(self, promise.value)) for promise in Promise)
        return {promise: float(limit) for promise, limit in limits if limit is not None}


class WorkloadTable(Table):
    """One kind of work: what is known of it, what measures it, whether a person waits for it."""

    kind: WorkKind
    title: Line | None = None
    waited_for: bool
    measured_by: Name | None = None
    per_month: Monthly | None = None
    size_kb: Kilobytes | None = None
    duration_s: JobSeconds | None = None
    memory_mb: Megabytes | None = None
    slo: WorkloadSlos = WorkloadSlos()

    @model_validator(mode="after")
    def _promises_of_its_kind(self) -> WorkloadTable:
        if self.kind is WorkKind.REQUEST:
            wrong = [promise.value for promise in OF_JOBS if promise in self.slo.said]
            if wrong:
                fix = 'set kind = "job", or promise response_p95_s'
                raise ValueError(f"slo.{', slo.'.join(wrong)}: only a job promises this; {fix}")
            if self.duration_s is not None and self.duration_s not in bounds.ANSWER_S:
                raise ValueError(
                    f'duration_s: a request takes {bounds.ANSWER_S} s; what takes longer is a kind = "job"'
                )
        return self

    def made(self, name: str) -> Workload:
        """As the rooms below take it."""
        return Workload(
            name,
            self.kind,
            self.waited_for,
            self.title or name.replace("_", " "),
            self.measured_by,
            self.per_month,
            self.size_kb,
            self.duration_s,
            self.memory_mb,
            self.slo.said,
        )
