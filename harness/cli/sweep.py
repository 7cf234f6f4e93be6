"""``pilot sweep [TARGET…]``: which memory and worker settings to seal."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import aside
from harness.analysis.settings import Settings
from harness.campaign.progress import Progress
from harness.cli import page
from harness.cli.numbers import within
from harness.cli.output import emit
from harness.domain.bounds import RUN_S, Range
from harness.domain.sweep import Sweep
from harness.errors import Exit
from harness.report import words
from harness.words import said
from harness.words.numbers import FORMATS
from harness.workspace import find, trust
from harness.workspace.sweep_toml import fields_of

LONGEST_S = Range(1, RUN_S.most)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sweep")(sweep)


def sweep(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TARGET…]", help="Targets with a sweep.toml; default: both of the pair."),
    ] = None,
    *,
    rounds: Annotated[int, typer.Option(min=2, max=50, help="Rounds; each measures every setting once.")] = 3,
    duration: Annotated[
        float, typer.Option(metavar="SECONDS", callback=within(LONGEST_S), help="Maximum length of a run.")
    ] = 120.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Measure the settings of sweep.toml in short interleaved rounds; name the cheapest that keeps every promise.

    Exit 5 if none does, 6 if that can't be told, 3 if a round was given up.
    """
    workspace = find()
    trust.for_work(workspace, targets or trust.measured(workspace), profiles=True)
    with Progress() as progress:
        found = aside.sweep(workspace, targets or [], progress, rounds=rounds, most_s=duration)
    if as_json:
        emit([outcome for _, outcome in found])
    else:
        for declared, outcome in found:
            _print(declared, outcome)
    if any(outcome.none_keeps for _, outcome in found):
        raise typer.Exit(int(Exit.GATE))
    if any(outcome.rounds < outcome.rounds_planned for _, outcome in found):
        raise typer.Exit(int(Exit.INVALID))
    if any(outcome.untold for _, outcome in found):
        raise typer.Exit(int(Exit.CANT_TELL))


def _print(declared: Sweep, outcome: Settings) -> None:
    out = page.console()
    body = []
    for tried in outcome.tried:
        whole = ("→" if tried.name == outcome.chosen else "", tried.name, words.value(tried.per_month_usd, "USD").text)
        for p in tried.promises:
            value, between = words.value(p.estimate, p.slo.unit).text, words.interval(p.estimate, p.slo.unit).text
            kept = "breaks" if p.broken else "keeps" if p.told else "can't tell"
            body.append((*whole, p.profile, p.slo.name, kept, value, between, FORMATS[p.slo.unit](p.slo.limit)))
            whole = ("", "", "")
    head = ("", "setting", "runtime a month", "profile", "promise", "", "value", "interval", "limit")
    title = f"{outcome.target}: {outcome.rounds} of {outcome.rounds_planned} rounds"
    page.rows(out, title, head, body, right=(2, 6, 7, 8))
    print(line(outcome))
    if outcome.differs:
        chosen = next(s for s in declared.settings if s.name == outcome.chosen)
        print(f"to seal it, put into targets/{outcome.target}/target.toml:")
        for path, value in fields_of(chosen.laid_over).items():
            print(f"  {path} = {_toml(value)}")
    print()


def line(outcome: Settings) -> str:
    """The choice in one line."""
    if outcome.chosen is None:
        return f"{outcome.target}: can't choose: {said(outcome.reason)}"
    has = (
        "" if outcome.differs else "; target.toml has it" if len(outcome.now) == 1 else "; the deployment is left at it"
    )
    return f"{outcome.target}: {outcome.chosen}: {said(outcome.reason)}{has}"


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
