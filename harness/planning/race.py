"""A race's plan: one profile at both targets at once, with one schedule; to watch, not to measure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from harness.domain import schedule as schedules
from harness.domain.plan import Block, Plan, Purpose, Run
from harness.domain.role import PACED
from harness.errors import Refused
from harness.planning.blocks import NOW, START_UP_S, run_seed
from harness.planning.profiles import Described, described
from harness.workspace import Workspace
from harness.workspace import questions as question_files
from harness.workspace.pilot_toml import Profile


def draw_race(workspace: Workspace, name: str, rate: float | None, duration_s: float | None, created: datetime) -> Plan:
    """Both runs have the same seed, so the same arrivals; raises Refused for a profile whose arrivals depend on answers."""
    item = _profile(workspace, name, rate, duration_s)
    pilot, questions = workspace.config.pilot, workspace.questions()
    seed = run_seed(pilot.seed, 0, f"race:{name}")
    schedule = schedules.draw(item.load, questions, seed, item.mix)
    if item.load.peak_rate > workspace.config.limits.max_rate:
        raise Refused(
            f"{item.load.peak_rate:g} requests a second are more than limits.max_rate", "a smaller --rate, or raise it"
        )
    length_s = item.load.total_s + START_UP_S
    runs = tuple(
        Run(1, position, target, item.plan.name, seed, schedule.digest, len(schedule), length_s)
        for position, target in enumerate((pilot.baseline, pilot.candidate), start=1)
    )
    now = created.isoformat(timespec="seconds")
    return Plan(
        baseline=pilot.baseline,
        candidate=pilot.candidate,
        seed=seed,
        blocks=(Block(1, "AB", now, 1, NOW, runs, side_by_side=True),),
        profiles=(item.plan,),
        questions_digest=question_files.digest(questions),
        forecast_usd=Decimal(0),
        created=now,
        purpose=Purpose.EYES,
    )


def _profile(workspace: Workspace, name: str, rate: float | None, duration_s: float | None) -> Described:
    known = workspace.config.profiles
    files = sorted(path.stem for path in (workspace.root / "loadprofiles").glob("*.py"))
    if name not in known and name not in files:
        there = ", ".join(dict.fromkeys([*known, *files])) or "none"
        raise Refused(f"no profile {name!r}", f"one of: {there}")
    own = {"start": "warm"} | {k: v for k, v in (("rate", rate), ("duration_s", duration_s)) if v is not None}
    [item] = described(workspace, {name: (known.get(name) or Profile()).model_copy(update=own)})
    if item.plan.role not in PACED:
        raise Refused(
            f"{name} decides by the answers what to send, so two of it would not be sent the same",
            f"race a profile of role {' or '.join(PACED)}",
        )
    return item
