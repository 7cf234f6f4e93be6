"""Ceilings of a month's cost: of the expected traffic, and of the first months with fewer requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harness.analysis import slo
from harness.domain.estimate import Known
from harness.domain.traffic import Traffic
from harness.domain.verdict import SloVerdict
from harness.predict.cost import Cost, whole_month
from harness.workspace import Workspace


@dataclass(frozen=True)
class Month:
    """One month that has ceilings; ``start``: one of the first."""

    traffic: Traffic
    runtime_usd: float | None
    total_usd: float | None
    start: bool = False

    def runtime(self, target: str, known: Known) -> Iterator[SloVerdict]:
        """Nothing where no ceiling is declared."""
        return self._judged(target, "runtime", self.runtime_usd, known)

    def judged(self, cost: Cost) -> Iterator[SloVerdict]:
        """Each ceiling that is declared."""
        yield from self.runtime(cost.target, cost.per_month_usd)
        yield from self._judged(cost.target, "total", self.total_usd, whole_month(cost))

    def _judged(self, target: str, what: str, limit_usd: float | None, known: Known) -> Iterator[SloVerdict]:
        if limit_usd is None:
            return
        name = f"{'whole' if what == 'total' else what} cost a month{' at the start' if self.start else ''}"
        metric = f"{'start_' if self.start else ''}monthly_{what}_usd"
        yield slo.ceiling(
            target, name, metric, limit_usd, known, "traffic at the start" if self.start else slo.EXPECTED
        )


def months(workspace: Workspace) -> tuple[Month, ...]:
    """The expected one, then that of the start where slo.start says one: its peak is as much lower as its month."""
    promised, expected = workspace.config.slo, workspace.traffic()
    out = [Month(expected, promised.monthly_runtime_usd, promised.monthly_total_usd)]
    if (start := promised.start) is not None:
        requests = start.requests_per_month
        smaller = replace(expected, requests_per_month=requests, peak_per_s=expected.peak_at(requests))
        out.append(Month(smaller, start.monthly_runtime_usd, start.monthly_total_usd, start=True))
    return tuple(out)


def verdicts(judged: Sequence[tuple[Month, Sequence[Cost]]]) -> tuple[SloVerdict, ...]:
    """Of every month, target by target."""
    return tuple(v for month, costs in judged for cost in costs for v in month.judged(cost))
