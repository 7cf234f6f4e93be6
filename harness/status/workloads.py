"""The declared workloads in a line each: what they are, and which profile measures them."""

from __future__ import annotations

from dataclasses import dataclass

from harness.domain.workload import Workload
from harness.workspace import Workspace


@dataclass(frozen=True)
class WorkloadLine:
    """One workload; ``measured_by`` None: nothing measures it."""

    name: str
    kind: str
    waited_for: bool
    per_month: int | None
    measured_by: str | None
    promises: dict[str, float]

    @property
    def words(self) -> str:
        volume = "volume not declared" if self.per_month is None else f"{self.per_month:,} a month"
        waits = "somebody waits" if self.waited_for else "nobody waits"
        by = (
            f"measured by {self.measured_by}"
            if self.measured_by
            else f"not measured: name a profile in measured_by of [workloads.{self.name}]"
        )
        return f"{self.kind}, {waits}, {volume}, {by}"


def workload_lines(workspace: Workspace) -> tuple[WorkloadLine, ...]:
    """In the order of the file; empty where it declares none."""
    return tuple(_line(one) for one in workspace.workloads() if one.declared)


def _line(one: Workload) -> WorkloadLine:
    promises = {promise.value: limit for promise, limit in one.promises.items()}
    return WorkloadLine(one.name, one.kind.value, one.waited_for, one.per_month, one.measured_by, promises)
