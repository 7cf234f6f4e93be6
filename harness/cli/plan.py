"""``pilot plan``: draw the blocks, say what they take, and seal what decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from harness import pipeline
from harness.analysis.length import VARIATION
from harness.campaign.progress import duration
from harness.cli.output import emit
from harness.domain.plan import Plan
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan")(plan)


def expected(outlooks: Sequence[pipeline.Outlook], made: Plan) -> list[str]:
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
        bool, typer.Option(help="Write the seal: SLOs, margins, limits, seed and order stand from now on.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Draw every block, its order and slot; print blocks, duration and cost expected and at worst; nothing is sent."""
    workspace = find()
    made, digest = pipeline.plan(workspace, seal=seal)
    if as_json:
        worst = {"blocks": len(made.blocks), "hours": made.expected_s / 3600, "usd": made.forecast_usd}
        emit({"plan": made, "seal": digest, "expected": pipeline.outlook(workspace, made), "at_worst": worst})
        return
    print(f"{len(made.blocks)} blocks of {len(made.profiles)} profiles on {made.baseline} (A) and {made.candidate} (B)")
    for block in made.units:
        print(
            f"  {block.number:>3}  {block.order}  day {block.day:>2}  not before {block.not_before}  "
            f"{duration(block.expected_s)}  {sum(r.requests for r in block.runs)} requests"
            f"{f'  track {block.track}' if block.track else ''}"
        )
    for profile in made.profiles:
        print(
            f"  {profile.name}: {profile.requests} requests in {duration(profile.warmup_s + profile.duration_s)}, "
            f"starts {profile.start.value}, {' '.join(f'{k} {v}' for k, v in profile.options) or 'as its file says'}"
        )
    print(
        f"in all {made.requests} requests, {duration(made.expected_s)} of measuring, "
        f"forecast up to {made.forecast_usd:.2f} USD (MODELLED)"
    )
    for line in expected(pipeline.outlook(workspace, made), made):
        print(line)
    budget = workspace.config.limits.budget_usd
    if made.forecast_usd > budget:
        print(f"warning: limits.budget_usd is {budget}: the campaign would stop before its end")
    print(f"sealed: {digest}" if digest else "not sealed: pilot plan --seal")
