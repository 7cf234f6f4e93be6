"""Randomised blocks: AB and BA balanced within each day-part, slots spread over the days."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from harness.domain import schedule as schedules
from harness.domain.plan import Block, Plan, Run
from harness.domain.questions import Question
from harness.planning.profiles import Described
from harness.workspace import Workspace
from harness.workspace import questions as question_files

START_UP_S = 2.5  # a Locust child's own start and end, measured; part of the forecast only


def draw_plan(workspace: Workspace, described: Sequence[Described], created: datetime, forecast_usd: Decimal) -> Plan:
    """Every block of the pilot; the same for the same files, seed and day."""
    config = workspace.config
    questions = workspace.questions()
    orders = _orders(config.pilot.blocks, len(config.slots.day_parts), config.pilot.seed)
    slots = _slots(config.pilot.blocks, config.pilot.days, config.slots.day_parts, created)
    blocks = tuple(
        _block(workspace, described, questions, number, order, slot)
        for number, (order, slot) in enumerate(zip(orders, slots, strict=True), start=1)
    )
    return Plan(
        baseline=config.pilot.baseline,
        candidate=config.pilot.candidate,
        seed=config.pilot.seed,
        blocks=blocks,
        profiles=tuple(d.plan for d in described),
        questions_digest=question_files.digest(questions),
        forecast_usd=forecast_usd,
        created=created.isoformat(timespec="seconds"),
    )


def run_seed(seed: int, block: int, profile: str) -> int:
    """The same for both targets of a block, so that their schedules are equal."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{block}:{profile}".encode()).digest()[:4])


def _orders(blocks: int, day_parts: int, seed: int) -> list[str]:
    """As many AB as BA within each day-part, and overall, as the counts allow."""
    rng = Random(f"order:{seed}")
    strata = [[k for k in range(blocks) if k % day_parts == part] for part in range(day_parts)]
    out = [""] * blocks
    odd = [stratum for stratum in strata if len(stratum) % 2]
    extra = ["AB", "BA"] * ((len(odd) + 1) // 2)
    rng.shuffle(extra)
    for stratum in strata:
        half = ["AB", "BA"] * (len(stratum) // 2)
        if len(stratum) % 2:
            half.append(_rarer(half, out, extra))
        rng.shuffle(half)
        for k, order in zip(stratum, half, strict=True):
            out[k] = order
    return out


def _rarer(here: list[str], so_far: list[str], extra: list[str]) -> str:
    """The order that is behind over all strata; a drawn one when they are level."""
    counts = {order: so_far.count(order) + here.count(order) for order in ("AB", "BA")}
    if counts["AB"] == counts["BA"]:
        return extra.pop()
    return min(counts, key=lambda order: counts[order])


def _slots(blocks: int, days: int, day_parts: Sequence[str], created: datetime) -> list[tuple[int, str, datetime]]:
    """Day (from 1), day-part and earliest start of each block: day-parts in turn, days spread evenly."""
    first = datetime(created.year, created.month, created.day, tzinfo=UTC) + timedelta(days=1)
    out = []
    for k in range(blocks):
        part = day_parts[k % len(day_parts)]
        day = min(days - 1, k * days // blocks)
        hour, minute = (int(text) for text in part.split(":"))
        out.append((day + 1, part, first + timedelta(days=day, hours=hour, minutes=minute)))
    return out


def _block(
    workspace: Workspace,
    described: Sequence[Described],
    questions: Sequence[Question],
    number: int,
    order: str,
    slot: tuple[int, str, datetime],
) -> Block:
    pilot = workspace.config.pilot
    pair = (pilot.baseline, pilot.candidate) if order == "AB" else (pilot.candidate, pilot.baseline)
    runs = []
    for item in described:
        seed = run_seed(pilot.seed, number, item.plan.name)
        schedule = schedules.draw(item.load, questions, seed, item.mix)
        for position, target in enumerate(pair, start=1):
            runs.append(
                Run(
                    block=number,
                    position=position,
                    target=target,
                    profile=item.plan.name,
                    seed=seed,
                    schedule_digest=schedule.digest,
                    requests=len(schedule),
                    expected_s=item.load.total_s + START_UP_S,
                    start=item.plan.start,
                )
            )
    day, part, not_before = slot
    return Block(
        number=number,
        order=order,
        not_before=not_before.isoformat(timespec="minutes"),
        day=day,
        day_part=part,
        runs=tuple(runs),
    )
