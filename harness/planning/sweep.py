"""A sweep's plan: rounds of short runs, each setting once a round, in an order that no setting profits from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from harness.domain import schedule as schedules
from harness.domain.plan import Block, Plan, Run
from harness.domain.quantile import least_n
from harness.domain.questions import Question
from harness.domain.role import PACED
from harness.domain.sweep import MARK, Sweep
from harness.errors import Refused
from harness.planning.blocks import NOW, START_UP_S, run_seed
from harness.planning.profiles import Described, described
from harness.workspace import Workspace
from harness.workspace import questions as question_files
from harness.workspace.pilot_toml import Profile


def profiles_of(workspace: Workspace, most_s: float) -> tuple[Described, ...]:
    """Every judged profile of the paired blocks, warm and no longer than ``most_s``; raises Refused where there is none."""
    judged = workspace.config.slo.profiles  # None: every paced one
    chosen: Mapping[str, Profile] = {
        name: profile.model_copy(update={"start": "warm"})
        for name, profile in workspace.config.profiles.items()
        if profile.repeats is None and profile.aa_of is None and (judged is None or name in judged)
    }
    made = tuple(d for d in described(workspace, chosen) if judged is not None or d.plan.role in PACED)
    if not made:
        raise Refused("no profile is judged, so no setting can be", "name one under slo.profiles")
    long = {d.plan.name: chosen[d.plan.name] for d in made if d.plan.duration_s > most_s and d.load.trace is None}
    short = {n: p.model_copy(update={"duration_s": most_s}) for n, p in long.items()}
    shortened = {d.plan.name: d for d in described(workspace, short)} if short else {}
    return tuple(shortened.get(d.plan.name, d) for d in made)


def draw_sweep(
    workspace: Workspace, sweep: Sweep, profiles: tuple[Described, ...], rounds: int, created: datetime
) -> Plan:
    """The same seeds for every setting of a round; raises Refused where the rounds are too few to tell a p95."""
    questions, seed = workspace.questions(), workspace.config.pilot.seed
    rng = Random(f"sweep:{seed}:{sweep.target}")
    first = list(sweep.names)
    rng.shuffle(first)
    now = datetime(created.year, created.month, created.day, tzinfo=UTC).isoformat(timespec="minutes")
    blocks = tuple(
        _round(number, first[number % len(first) :] + first[: number % len(first)], profiles, questions, seed, now)
        for number in range(rounds)
    )
    _enough(profiles, rounds, workspace, questions)
    return Plan(
        baseline=sweep.target,
        candidate=sweep.target,
        seed=seed,
        blocks=blocks,
        profiles=tuple(d.plan for d in profiles),
        questions_digest=question_files.digest(questions),
        forecast_usd=Decimal(0),
        created=created.isoformat(timespec="seconds"),
    )


def _enough(
    profiles: tuple[Described, ...], rounds: int, workspace: Workspace, questions: tuple[Question, ...]
) -> None:
    """A setting whose p95 cannot be told is never chosen, so what it would take is said before anything is sent."""
    least, problems = least_n(0.95), []
    for item in profiles:
        schedule = schedules.draw(item.load, questions, workspace.config.pilot.seed, item.mix)
        measured = sum(arrival.measured for arrival in schedule.arrivals)
        if rounds * measured < least:
            problems.append(
                f"{rounds} rounds of {measured} measured requests under {item.plan.name} cannot certify a p95: "
                f"at least {least} are needed"
            )
    if problems:
        raise Refused("; ".join(problems), "more --rounds or a longer --duration")


def _round(
    number: int,
    order: list[str],
    profiles: tuple[Described, ...],
    questions: tuple[Question, ...],
    seed: int,
    not_before: str,
) -> Block:
    drawn = {}
    for item in profiles:
        name = item.plan.name
        own = run_seed(seed, number + 1, f"sweep:{name}")
        drawn[name] = (own, schedules.draw(item.load, questions, own, item.mix))
    runs = tuple(
        Run(
            block=number + 1,
            position=position,
            target=target,
            profile=item.plan.name,
            seed=drawn[item.plan.name][0],
            schedule_digest=drawn[item.plan.name][1].digest,
            requests=len(drawn[item.plan.name][1]),
            expected_s=item.load.total_s + START_UP_S,
        )
        for position, target in enumerate(order, start=1)
        for item in profiles
    )
    return Block(number + 1, " ".join(name.partition(MARK)[2] for name in order), not_before, 1, NOW, runs)
