"""``pilot plan``: draw the blocks, say what they take, and seal what decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from harness import pipeline
from harness.analysis.decidable import Lacks, Unsettled
from harness.analysis.length import VARIATION
from harness.analysis.outlook import Outlook, outlook
from harness.campaign.progress import duration
from harness.cli.output import emit
from harness.domain.plan import Plan
from harness.planning import Planned
from harness.platforms.generator import Upkeep
from harness.run.deployed import deployed_usd, sending_usd, span_s
from harness.run.upkeep import upkeeps
from harness.status.workloads import workload_lines
from harness.words import all_said
from harness.workspace import Workspace, find, trust


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan")(plan)


def expected(outlooks: Sequence[Outlook], made: Plan) -> list[str]:
    """How long it takes where the answer settles early, and at worst."""
    if not outlooks:
        return []
    planned = len(made.blocks)
    law = f"lognormal answers with a coefficient of variation of {VARIATION:g}"
    clear = "where both targets keep their promises and comparison and cost are clear by then"
    out = [f"expected to stop when settled, {clear} ({law}):"]
    for one in outlooks:
        ends = ", ".join(f"{share * 100:.0f} % at {count}" for count, share in one.length.ends if share)
        below, differ = (1 - 1 / one.length.ratio) * 100, one.length.spread * 100
        out.append(
            f"  p95 {below:.0f} % below its limit, blocks that differ by {differ:.0f} %: about {one.length.blocks:.1f} of "
            f"{planned} blocks ({ends}), {duration(one.hours * 3600)}, {one.usd} USD with experiments"
        )
    out.append(
        f"  at worst, as where the two are nearly equal or p95 is near its limit: all {planned} blocks, "
        f"{duration(made.expected_s)}, up to {made.forecast_usd:.2f} USD"
    )
    return out


def plan(
    *,
    seal: Annotated[
        bool,
        typer.Option(
            "--seal",
            help="Freeze SLOs, margins, limits, seed and order; may be repeated until the first measured request.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Draw the blocks; print requests, duration and cost, expected and at worst, and what the plan cannot settle. Sends nothing."""
    workspace = find()
    trust.for_work(workspace, profiles=True)
    planned = pipeline.plan(workspace, seal=seal)
    unsettled = pipeline.open_promises(workspace, planned.plan)
    if as_json:
        emit(
            {
                "plan": planned.plan,
                "seal": planned.seal,
                "unsettled": unsettled,
                "workloads": workload_lines(workspace),
                "changes": all_said(planned.changes),
                "replaced": planned.replaced,
                "generators": upkeeps(workspace),
                "expected": outlook(workspace, planned.plan),
                "at_worst": {
                    "blocks": len(planned.plan.blocks),
                    "hours": planned.plan.expected_s / 3600,
                    "usd": planned.plan.forecast_usd,
                },
            }
        )
        return
    made = planned.plan
    blocks = _blocks(made, workspace.config.pilot.hybrid)
    told = (*blocks, *_size(workspace, made), *_workloads(workspace), *_open(unsettled), *_seal(planned))
    for line in told:
        print(line)


def _blocks(made: Plan, hybrid: str | None) -> list[str]:
    out = [
        f"{len(made.blocks)} blocks of {len(made.profiles)} profiles on {made.baseline} (A) and {made.candidate} (B)"
        + (f", and on {hybrid} before both" if hybrid else "")
    ]
    out += [
        f"  {block.number:>3}  {block.order}  day {block.day:>2}  not before {block.not_before}  "
        f"{duration(block.expected_s)}  {sum(r.requests for r in block.runs)} requests"
        f"{f'  track {block.track}' if block.track else ''}"
        for block in made.units
    ]
    return out + [
        f"  {profile.name}: {profile.requests} requests in {duration(profile.warmup_s + profile.duration_s)}, "
        f"starts {profile.start.value}, {' '.join(f'{k} {v}' for k, v in profile.options) or 'as its file says'}"
        for profile in made.profiles
    ]


def _size(workspace: Workspace, made: Plan) -> list[str]:
    cost = f"forecast up to {made.forecast_usd:.2f} USD ({', '.join(['MODELLED', *_of_it(workspace, made)])})"
    out = [f"in all {made.requests} requests, {duration(made.expected_s)} of measuring, {cost}"]
    out += [
        f"  {one.what}: no price is known ({one.why}), so it is not in the forecast" for one in _unpriced(workspace)
    ]
    out += expected(outlook(workspace, made), made)
    out += workspace.times_read_as()
    budget = workspace.config.limits.budget_usd
    if made.forecast_usd > budget:
        out.append(f"warning: limits.budget_usd is {budget}: the campaign would stop before its end")
    return out


def _of_it(workspace: Workspace, made: Plan) -> list[str]:
    """What goes by the calendar."""
    senders = [one for one in upkeeps(workspace) if one.usd_per_hour]
    parts = (
        (deployed_usd(workspace, made), "what is deployed"),
        (sending_usd(workspace, made), ", ".join(one.what for one in senders)),
    )
    return [f"{usd:.2f} of it by {what} for {duration(span_s(made))}" for usd, what in parts if usd]


def _unpriced(workspace: Workspace) -> list[Upkeep]:
    return [one for one in upkeeps(workspace) if one.usd_per_hour is None]


def _workloads(workspace: Workspace) -> list[str]:
    lines = [f"  - {one.name}: {one.words}" for one in workload_lines(workspace)]
    return ["workloads:", *lines] if lines else []


def _open(unsettled: tuple[Unsettled, ...]) -> list[str]:
    """What stays INCONCLUSIVE whatever is measured, and what it would take."""
    if not unsettled:
        return ["these blocks can settle every promise that the targets keep clearly enough"]
    return ["these stay INCONCLUSIVE even if every answer is good:", *(f"  - {words(one)}" for one in unsettled)]


def words(one: Unsettled) -> str:
    """One promise that the plan cannot settle, and what it needs."""
    what = f"{one.promise} under {one.profile}"
    match one.lacks:
        case Lacks.BLOCKS:
            return f"{what}: {one.has} blocks planned, {one.needed} needed (pilot.blocks)"
        case Lacks.REQUESTS:
            more = "more blocks, a longer duration_s or a higher rate"
            return f"{what}: {one.has} measured requests planned on each target, {one.needed} needed ({more})"
        case _:
            return f"{what}: no number of requests can prove it; a pilot can only find evidence against it"


def _seal(planned: Planned) -> list[str]:
    """What stands now, and what differs from the seal before it or, where nothing was sealed anew, from the one that stands."""
    if planned.seal is None:
        return ["not sealed: pilot plan --seal"]
    sealed, changes = f"sealed: {planned.seal}", [f"  - {change}" for change in all_said(planned.changes)]
    if planned.lost:
        return [f"the journal records an earlier seal, {planned.replaced}, whose file is missing: sealed again", sealed]
    if planned.replaced and changes:
        return [f"sealed again; changed since {planned.replaced}:", *changes, sealed]
    if planned.replaced:
        return ["sealed again: the same criteria, other slots", sealed]
    if changes:
        late = (
            "requests were measured under it, so the report lists these as doubts"
            if planned.stands
            else "pilot plan --seal"
        )
        return [f"changed since the seal, and not part of this plan ({late}):", *changes, sealed]
    return ["nothing changed since it was sealed", sealed] if planned.asked_again else [sealed]
