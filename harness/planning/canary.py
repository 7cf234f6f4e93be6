"""A canary's plan: one run of everyday traffic, as long as its steps together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from harness.domain import schedule as schedules
from harness.domain.plan import Block, Plan, Run
from harness.domain.role import Role
from harness.errors import Refused
from harness.planning.blocks import NOW, START_UP_S, run_seed
from harness.planning.profiles import Described, described
from harness.workspace import Workspace
from harness.workspace import questions as question_files

WARMUP_S = 5.0  # before the first step, not measured: connections and caches


def steps_of(shares: Sequence[float]) -> tuple[float, ...]:
    """With what there was before, and the way back."""
    return (0.0, *shares, 0.0)


def draw_canary(
    workspace: Workspace, router: str, steps: int, step_s: float, rate: float | None, created: datetime
) -> Plan:
    """The everyday profile at one steady rate for all steps; raises Refused where pilot.toml has none."""
    item = _everyday(workspace, steps * step_s, rate)
    questions, seed = workspace.questions(), run_seed(workspace.config.pilot.seed, 0, f"canary:{router}")
    schedule = schedules.draw(item.load, questions, seed, item.mix)
    run = Run(1, 1, router, item.plan.name, seed, schedule.digest, len(schedule), item.load.total_s + START_UP_S)
    day = created.isoformat(timespec="minutes")
    return Plan(
        baseline=router,
        candidate=router,
        seed=seed,
        blocks=(Block(1, "A", day, 1, NOW, (run,)),),
        profiles=(item.plan,),
        questions_digest=question_files.digest(questions),
        forecast_usd=Decimal(0),
        created=created.isoformat(timespec="seconds"),
    )


def _everyday(workspace: Workspace, seconds: float, rate: float | None) -> Described:
    paired = {n: p for n, p in workspace.config.profiles.items() if p.repeats is None and p.aa_of is None}
    found = next((d for d in described(workspace, paired) if d.plan.role is Role.EVERYDAY), None)
    if found is None:
        raise Refused("no profile of everyday traffic", "a canary is driven with one: [profiles.steady]")
    name = found.plan.name
    own = {"duration_s": seconds, "warmup_s": WARMUP_S, "start": "warm"} | ({} if rate is None else {"rate": rate})
    [made] = described(workspace, {name: paired[name].model_copy(update=own)})
    return made
