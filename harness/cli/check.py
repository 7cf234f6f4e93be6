"""``pilot check``: hold targets to the contract before any load."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import typer

from harness import pipeline
from harness.campaign.checks import EVIDENCE
from harness.campaign.contract_check import Answer
from harness.cli.output import emit
from harness.errors import Exit
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[TARGET or URL]…", help="Default: the pilot's.")
    ] = None,
    trace: Annotated[
        str | None,
        typer.Option(metavar="TARGET", help="Follow one request through its log, traces and metrics instead."),
    ] = None,
    wait: Annotated[float, typer.Option(metavar="SECONDS", help="With --trace: how long to look.")] = 30.0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON.")] = False,
) -> None:
    """Check contract, same work, quotas, timeouts and fairness; exit 5 when something fails, 6 when something can't be told."""
    names = targets or []
    verified: dict[str, str] = {}
    if trace is not None:
        results = {trace: pipeline.trace(find(), trace, wait)}
    elif names and all(urlsplit(name).scheme for name in names):
        results = pipeline.check_endpoints(names)
    else:
        workspace = find()
        results = pipeline.check(workspace, names)
        verified = {n: workspace.target(n).verified for n in results if n in workspace.target_names}
    if as_json:
        emit(results)
    else:
        for name, checks in results.items():
            print(f"{name} (verified: {verified[name]})" if name in verified else name)
            for item in checks:
                print(f"  {item.answer.value:<10} {item.name}{f': {item.detail}' if item.detail else ''}")
    gates = [checks for name, checks in results.items() if not name.startswith(EVIDENCE)]
    answers = {item.answer for checks in gates for item in checks}
    if Answer.FAIL in answers:
        raise typer.Exit(int(Exit.GATE))
    if answers != {Answer.PASS}:  # also where nothing was asked
        raise typer.Exit(int(Exit.CANT_TELL))
