"""Randomised blocks: AB and BA balanced within each day-part, slots spread over the days."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from harness.domain import schedule as schedules
from harness.domain.arrivals import LoadProfile, as_data
from harness.domain.plan import Block, Plan, Run
from harness.domain.questions import Question
from harness.domain.role import PACED
from harness.planning.profiles import Described
from harness.workspace import Workspace
from harness.workspace import questions as question_files
from harness.workspace.pilot_toml import PilotTable

NOW = "now"
LONG_S = 3600.0  # what takes longer goes to the last day-part, the night
COLD_KINDS = ("cold-starts", "from-zero")
START_UP_S = 0.8  # a run beyond its schedule (python -m bench.overhead); part of the forecast only


def draw_plan(workspace: Workspace, described: Sequence[Described], created: datetime, forecast_usd: Decimal) -> Plan:
    """Every block of the pilot; the same for the same files, seed and day."""
    config = workspace.config
    questions = workspace.questions()
    orders = _orders(config.pilot.blocks, max(1, len(config.slots.day_parts)), config.pilot.seed)
    slots = _slots(config.pilot.blocks, config.pilot.days, config.slots.day_parts, created)
    paired = [item for item in described if item.plan.repeats is None]
    blocks = tuple(
        _block(workspace, paired, questions, number, order, slot)
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
        tracks=_tracks(workspace, described, questions, len(blocks), created),
    )


def _tracks(
    workspace: Workspace, described: Sequence[Described], questions: Sequence[Question], after: int, created: datetime
) -> tuple[Block, ...]:
    """Each profile that repeats by itself: its runs on both targets."""
    config = workspace.config
    out: list[Block] = []
    for item in described:
        if item.plan.repeats is None:
            continue
        parts = config.slots.day_parts if item.load.whole_s < LONG_S else config.slots.day_parts[-1:]
        orders = _orders(item.plan.repeats, max(1, len(parts)), run_seed(config.pilot.seed, 0, item.plan.name))
        slots = _slots(item.plan.repeats, config.pilot.days, parts, created)
        for order, slot in zip(orders, slots, strict=True):
            number = after + len(out) + 1
            out.append(_block(workspace, [item], questions, number, order, slot, track=item.plan.name))
    return tuple(out)


def run_seed(seed: int, block: int, profile: str) -> int:
    """The same for both targets of a block, so that their schedules are equal."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{block}:{profile}".encode()).digest()[:4])


def experiment_digest(load: LoadProfile, seed: int) -> str:
    """Of what an experiment is begun with: the same on both targets, whatever they then answer."""
    text = json.dumps({**as_data(load), "seed": seed}, sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


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
    """Day (from 1), day-part and earliest start of each block: day-parts in turn, days spread evenly.

    Without day-parts there is nothing to wait for: every block may start now.
    """
    if not day_parts:
        return [(1, NOW, created)] * blocks
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
    track: str | None = None,
) -> Block:
    pilot = workspace.config.pilot
    runs = []
    for item in described:
        seed = run_seed(pilot.seed, number, item.plan.name)
        schedule = schedules.draw(item.load, item.shapes or questions, seed, item.mix)
        searching = item.load.experiment is not None
        digest = experiment_digest(item.load, seed) if searching else schedule.digest
        for position, target in enumerate(_driven(pilot, item, order, number), start=1):
            runs.append(
                Run(
                    block=number,
                    position=position,
                    target=target,
                    profile=item.plan.name,
                    seed=seed,
                    schedule_digest=digest,
                    requests=item.plan.requests if searching else len(schedule),
                    expected_s=item.load.whole_s + START_UP_S,
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
        track=track,
        side_by_side=track is not None and _side_by_side(workspace, described, runs),
    )


def _driven(pilot: PilotTable, item: Described, order: str, number: int) -> tuple[str, ...]:
    """Who gets a profile's schedule, in order: the pair; where cold is the matter the variants after it; else the hybrid.

    The hybrid's place among the pair moves on with each block: it meets what a run on its sides left behind.
    """
    if item.plan.aa:
        return (pilot.baseline, pilot.baseline)
    pair = [pilot.baseline, pilot.candidate] if order == "AB" else [pilot.candidate, pilot.baseline]
    if item.load.kind in COLD_KINDS:
        return (*pair, *pilot.variants)
    if pilot.hybrid is not None and item.plan.role in PACED:
        pair.insert((number + pilot.seed) % (len(pair) + 1), pilot.hybrid)
    return tuple(pair)


def _side_by_side(workspace: Workspace, described: Sequence[Described], runs: Sequence[Run]) -> bool:
    """Whether an experiment asks so seldom that its targets can be asked at once; embedded ones share processors."""
    names = [run.target for run in runs]
    if len(set(names)) < len(names):
        return False
    shared = any(workspace.prospect(name).target.embedded for name in names)
    designs = [item.load.experiment for item in described]
    return all(design is not None and design.sparse and not (shared and design.timed) for design in designs)
