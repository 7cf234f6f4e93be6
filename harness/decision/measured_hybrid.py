"""The hybrid that was run: its verdicts on the same promises, what it cost, and who answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis import routed as routing
from harness.analysis import slo, throttling
from harness.analysis.dataset import Dataset
from harness.analysis.throttling import Funnel
from harness.decision import ceilings
from harness.domain.looks import Look
from harness.domain.verdict import SloVerdict
from harness.predict import routed as priced
from harness.predict.cost import Cost
from harness.predict.whole import Sealed
from harness.workspace import Workspace


@dataclass(frozen=True)
class MeasuredHybrid:
    """One router under the profiles that promises are judged under; shares are of everything that was asked of it."""

    target: str
    sides: tuple[str, ...]
    slos: tuple[SloVerdict, ...]
    cost_verdicts: tuple[SloVerdict, ...]
    cost: Cost
    funnels: tuple[Funnel, ...]
    routed: tuple[routing.Routed, ...]
    added: tuple[routing.Added, ...]

    @property
    def promises(self) -> tuple[SloVerdict, ...]:
        """Everything that its gate is made of."""
        return (*self.slos, *self.cost_verdicts)


def measured_hybrid(
    workspace: Workspace,
    data: Dataset,
    seen: Dataset,
    judged: Sequence[str],
    scored_at: str,
    look: Look,
    played: Sealed,
) -> MeasuredHybrid | None:
    """None where pilot.toml names none, or none of its runs counts; ``seen``: the blocks that this look is of."""
    router = workspace.hybrid()
    profiles = [p for p in judged if router is not None and data.of(router.name, p)]
    if router is None or not profiles:
        return None
    limits = (workspace.config.slo.p95_s, workspace.config.slo.ttft_p95_s)
    slos = tuple(
        slo.verdict(router.name, profile, promise, seen.of(router.name, profile), limits, look.confidence)
        for profile in profiles
        for promise in workspace.slos()
    )
    months = ceilings.months(workspace)
    paid = seen.of(router.name, scored_at if scored_at in profiles else profiles[0])
    costs = [priced.cost(router, paid, limits, month.traffic, played, look.confidence) for month in months]
    return MeasuredHybrid(
        router.name,
        tuple(side.name for side in router.behind),
        slos,
        ceilings.verdicts([(month, [cost]) for month, cost in zip(months, costs, strict=True)]),
        costs[0],
        tuple(throttling.funnel(router.name, p, data.of(router.name, p), *limits) for p in profiles),
        tuple(one for p in profiles for one in routing.routed(p, data.of(router.name, p), router.behind)),
        tuple(routing.added(p, data.of(router.name, p)) for p in profiles),
    )
