"""``pilot plan``: draw the blocks, say what they take, and seal what decides."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import pipeline
from harness.campaign.progress import duration
from harness.cli.output import emit
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan")(plan)


def plan(
    *,
    seal: Annotated[
        bool, typer.Option(help="Write the seal: SLOs, margins, limits, seed and order stand from now on.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Draw every block, its order and slot; print duration, requests and forecast cost; nothing is sent."""
    workspace = find()
    made, digest = pipeline.plan(workspace, seal=seal)
    if as_json:
        emit({"plan": made, "seal": digest})
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
    budget = workspace.config.limits.budget_usd
    if made.forecast_usd > budget:
        print(f"warning: limits.budget_usd is {budget}: the campaign would stop before its end")
    print(f"sealed: {digest}" if digest else "not sealed: pilot plan --seal")
