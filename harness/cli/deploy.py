"""``pilot deploy [TARGET…]`` and ``pilot destroy [TARGET…]``: from an account to an address and back to nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated

import typer

from harness import pipeline
from harness.campaign.progress import Progress
from harness.cli import page
from harness.cli.output import emit
from harness.errors import Exit, PilotError, Refused
from harness.platforms.deploying import BUILDERS, Destroyed, Intent, Standing, Step
from harness.run.deploy import Deploys, Wishes, summary
from harness.workspace import find, trust

HOURS_OF_TWO_WEEKS = 14 * 24

Targets = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TARGET…]", help="Declared targets; default: those of the campaign that can be deployed."),
]
Plan = Annotated[bool, typer.Option("--plan", help="Show what would be done, its cost and its time; do nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def register_deploy(app: typer.Typer) -> None:
    """Add the command."""
    app.command("deploy")(deploy)


def register_destroy(app: typer.Typer) -> None:
    """Add the command."""
    app.command("destroy")(destroy)


register = register_deploy


def deploy(
    targets: Targets = None,
    *,
    plan: Plan = False,
    yes: Yes = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter of a template or manifest; may be repeated."),
    ] = None,
    image: Annotated[str | None, typer.Option(metavar="URI", help="An image that is there, by its digest.")] = None,
    builder: Annotated[
        str,
        typer.Option(metavar="NAME", help="auto, docker, podman, buildah; in the account: codebuild, cloudbuild, acr."),
    ] = "auto",
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="CIDR", help="Where load comes from; default: this machine's own address."),
    ] = None,
    address: Annotated[bool, typer.Option("--address", help="Only renew the address that load comes from.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build the image, make or update stacks or services in order, write down the addresses; safe to repeat after any cut.

    At a terminal it shows its plan and asks; anywhere else it requires --yes.
    """
    workspace = find()
    wishes = Wishes(_settings(settings or []), image, _known(builder), source, address)
    made = pipeline.deploys(workspace, targets or [], wishes)
    trust.for_work(workspace, [target.name for target in made.targets])
    intents = made.intents(destroy=False)
    if not _goes_on(intents, made, plan=plan, yes=yes, as_json=as_json, what="Deploy"):
        return
    with Progress() as progress:
        done = made.deploy(progress)
    if as_json:
        emit([replace(one, files={}) for one in done])
        return
    for one in done:
        print(summary(one.steps))
        for name, values in one.values.items():
            print("\n".join([f"{name}:", *(f"  {field} = {value}" for field, value in values.items())]))
        for note in one.notes:
            print(note)
    print("next: pilot check")


def destroy(targets: Targets = None, *, plan: Plan = False, yes: Yes = False, as_json: AsJson = False) -> None:
    """Remove stacks or services, the image and what they left, then ask every service whether anything of it still bills.

    Exit 1 if something is left, 6 if a service refused to say.
    """
    workspace = find()
    made = pipeline.deploys(workspace, targets or [], Wishes())
    trust.for_work(workspace, [target.name for target in made.targets])
    if not _goes_on(made.intents(destroy=True), made, plan=plan, yes=yes, as_json=as_json, what="Destroy"):
        return
    with Progress() as progress:
        done = made.destroy(progress)
    if as_json:
        emit(done)
    else:
        for one in done:
            _print_gone(one)
    if left := [what for one in done for what in one.left]:
        raise PilotError(f"still there: {', '.join(left)}", "the same command again; what stays is removed by hand")
    if any(one.unseen for one in done):
        raise typer.Exit(int(Exit.CANT_TELL))


def _known(builder: str) -> str:
    if builder not in BUILDERS:
        raise Refused(f"unknown builder {builder[:40]!r}", f"choose one of: {', '.join(BUILDERS)}")
    return builder


def _settings(said: Sequence[str]) -> dict[str, str]:
    wrong = [text for text in said if "=" not in text or not text.partition("=")[0].replace("_", "").isalnum()]
    if wrong:
        raise Refused(f"--set {wrong[0][:60]!r} is not NAME=VALUE", "as --set Tasks=4")
    return {name: value for name, _, value in (text.partition("=") for text in said)}


def _goes_on(intents: Sequence[Intent], made: Deploys, *, plan: bool, yes: bool, as_json: bool, what: str) -> bool:
    """False after --plan; raises Refused where nobody said yes."""
    if as_json:
        if plan:
            emit([_row(one) for one in intents])
            return False
    else:
        for one in intents:
            _print(one)
    if plan:
        return False
    if yes:
        return True
    names = ", ".join(target.name for target in made.targets)
    if as_json or not sys.stdin.isatty():
        why = "--json does not ask" if as_json else "no terminal to ask"
        raise Refused(f"nothing was done: {why} for confirmation of {names}", "--yes does it without asking")
    if not typer.confirm(f"{what} {names}?", default=False):
        raise Refused("nothing was done", "--plan shows it without asking")
    return True


def _row(one: Intent) -> dict[str, object]:
    return {
        "where": one.where,
        "steps": one.steps,
        "minutes": round(one.minutes, 1),
        "usd_per_hour": one.usd_per_hour,
        "notes": one.notes,
    }


def _print(one: Intent) -> None:
    print(one.where)
    rows: list[tuple[str, ...]] = []
    for step in one.steps:
        rows.append((step.name, step.does, _minutes(step), ""))
        rows += [("", f"  {line.what}", "", _usd(line)) for line in step.standing]
    page.rows(page.console(), "", ("step", "what", "takes", "USD an hour idle"), rows, right=(2, 3))
    marked = any(not s.confirmed for step in one.steps for s in step.standing)
    if (whole := one.usd_per_hour) > 0:
        weeks = whole * HOURS_OF_TWO_WEEKS
        print(
            f"idle: {whole:.4f} USD an hour, {weeks:.2f} USD in 14 days{'; ? = price not confirmed' if marked else ''}"
        )
    print(f"takes about {max(1, round(one.minutes))} min")
    for note in one.notes:
        print(f"  {note}")


def _minutes(step: Step) -> str:
    if not step.minutes:
        return ""
    if not step.measured:
        return f"~{max(1, round(step.minutes))} min"
    return f"{step.minutes:.0f} min" if step.minutes >= 1 else "<1 min"


def _usd(line: Standing) -> str:
    if line.usd_per_hour is None:
        return "no price"
    return f"{line.usd_per_hour.quantize(Decimal('0.0001'))}{'' if line.confirmed else ' ?'}"


def _print_gone(one: Destroyed) -> None:
    print(summary(one.steps))
    print(f"looked at: {', '.join(one.looked)}")
    for words in one.unseen:
        print(f"could not be seen: {words}")
    if not one.left:
        print("nothing of it is left" if not one.unseen else "nothing else of it is left")
    if one.left or one.unseen:
        print("its cost counts against the budget until pilot destroy finds nothing left")
    for note in one.notes:
        print(note)
    print(f"not looked at: {one.beyond}")
