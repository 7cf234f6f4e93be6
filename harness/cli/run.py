"""``pilot run``: execute the sealed plan, here or on another machine."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Annotated

import typer

from harness import pipeline
from harness.campaign.progress import Progress
from harness.cli.output import emit
from harness.errors import Exit, Interrupted, Refused
from harness.run.away.away import Away, Order
from harness.watch.beside import beside
from harness.workspace import Workspace, find, trust


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    *,
    now: Annotated[bool, typer.Option(help="Do not wait for the blocks' slots (a rehearsal).")] = False,
    ui: Annotated[
        bool, typer.Option("--ui", help="Serve a page that shows both targets side by side; its address is printed.")
    ] = False,
    on: Annotated[
        str | None, typer.Option(metavar="NAME", help="Run it on another machine, as [on.NAME] of pilot.toml says.")
    ] = None,
    detach: Annotated[bool, typer.Option(help="With --on: start it, or print its state, and return.")] = False,
    stop: Annotated[bool, typer.Option(help="With --on: stop it there, then fetch its evidence.")] = False,
    remove: Annotated[
        bool,
        typer.Option(
            help="With --on: remove the machine, once its evidence has been fetched; with --stop, stop and fetch it first."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --on: print its state as JSON.")] = False,
) -> None:
    """Execute the plan's remaining blocks; resumes where the last run stopped, ends early once the answer is settled."""
    workspace = find()
    if on is not None:
        if ui:
            raise Refused(
                "--ui: the page shows what this machine measures", "pilot watch shows a campaign that was fetched"
            )
        if detach and remove:
            raise Refused("--detach, --remove: what it measured is fetched first", "without --detach")
        _on(workspace, Order(on, "--now" if now else "", detach, stop, remove), as_json=as_json)
        return
    if alone := [name for name, said in (("--detach", detach), ("--stop", stop), ("--remove", remove)) if said]:
        raise Refused(f"{', '.join(alone)}: for a campaign on another machine", "add --on NAME")
    if as_json:
        raise Refused("--json: for a campaign on another machine", "pilot status --json says how this one is")
    trust.for_work(workspace, trust.measured(workspace), profiles=True, generator=True)
    with Progress() as progress, beside(workspace, progress.say) if ui else nullcontext():
        tally = pipeline.run(workspace, progress, now=now)
    spared = f", {tally.not_needed} not needed: the answer is settled" if tally.not_needed else ""
    print(f"{tally.blocks_valid} blocks valid, {tally.blocks_given_up} given up, {tally.blocks_left} left{spared}")
    if tally.blocks_given_up:
        print(
            "to measure what was given up again, raise limits.attempts in pilot.toml and call pilot run; the report will say so",
            file=sys.stderr,
        )
        raise typer.Exit(int(Exit.INVALID))


def _on(workspace: Workspace, wanted: Order, *, as_json: bool) -> None:
    trust.for_work(workspace, trust.measured(workspace), profiles=True, generator=True)
    try:
        with Progress() as progress:
            stands = pipeline.run_on(workspace, wanted, progress)
    except KeyboardInterrupt:
        raise Interrupted(
            f"no longer following: the campaign still runs on {wanted.name}",
            f"pilot run --on {wanted.name} follows it again",
        ) from None
    if as_json:
        emit(stands.as_json())
    else:
        _tell(stands)
    if stands.left:
        raise typer.Exit(int(Exit.FAILED))
    if stands.fetched is not None and stands.seen is not None and stands.seen.exit_code:
        raise typer.Exit(stands.seen.exit_code)


def _tell(stands: Away) -> None:
    if stands.left:
        print(f"still there: {', '.join(stands.left)}")
        return
    of = "{} of {} blocks done".format(*stands.blocks) if stands.blocks else ""
    print(", ".join(filter(None, [f"{stands.on}: {stands.state}", of])))
