"""[criteria] of pilot.toml: weights of the seven criteria, and the team's scores of those that no test measures."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from harness.domain.criteria import DEFAULT_WEIGHTS, MEASURED, Criterion, Judged, Priorities
from harness.tables.table import Table
from harness.tables.values import Weight

Score = Annotated[float, Field(ge=1, le=5)]


class CriterionTable(Table):
    """One criterion; scores run from 1 to 5, each with a note that says why."""

    weight: Weight | None = None
    baseline: Score | None = None
    candidate: Score | None = None
    hybrid: Score | None = None
    note: str = Field(default="", max_length=2_000)

    @model_validator(mode="after")
    def _both_with_a_note(self) -> CriterionTable:
        if (self.baseline is None) != (self.candidate is None):
            raise ValueError("score baseline and candidate, or neither")
        if self.baseline is not None and not self.note.strip():
            raise ValueError("a score wants a note that says why")
        return self


class CriteriaTable(Table):
    """The whole table."""

    kappa: Annotated[float, Field(gt=0, le=10_000)] = 66.0
    latency: CriterionTable = CriterionTable()
    cost: CriterionTable = CriterionTable()
    dependencies: CriterionTable = CriterionTable()
    scaling: CriterionTable = CriterionTable()
    operations: CriterionTable = CriterionTable()
    compliance: CriterionTable = CriterionTable()
    lock_in: CriterionTable = CriterionTable()

    @model_validator(mode="after")
    def _measured_ones_are_measured(self) -> CriteriaTable:
        for name in MEASURED:
            if getattr(self, name.value).baseline is not None:
                raise ValueError(f"{name.value}: is scored from the evidence; give it a weight alone")
        if not sum(self._weight(name) for name in Criterion) > 0:
            raise ValueError("the weights add up to nothing")
        return self

    def _weight(self, name: Criterion) -> float:
        said: float | None = getattr(self, name.value).weight
        return DEFAULT_WEIGHTS[name] if said is None else said

    def priorities(self) -> Priorities:
        """As the decision takes them."""
        judged = {}
        for name in Criterion:
            table: CriterionTable = getattr(self, name.value)
            judged[name] = Judged(self._weight(name), table.baseline, table.candidate, table.hybrid, table.note)
        return Priorities(judged, self.kappa)
