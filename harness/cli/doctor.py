"""``pilot doctor``: what would stop a first contact, before it costs money."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import pipeline
from harness.cli.checks import end, print_checks
from harness.cli.numbers import within
from harness.cli.output import emit
from harness.domain.bounds import Range
from harness.workspace import find, trust

WAIT_S = Range(0, 3_600)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[TARGET]…", help="Default: the targets of pilot.toml.")
    ] = None,
    wait: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            callback=within(WAIT_S),
            help="How long to look for the request in logs, metrics and traces.",
        ),
    ] = 30.0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON.")] = False,
) -> None:
    """Before money: identity, region, quotas, policies, tags, certificates, images; and one request followed through what is deployed.

    Each problem comes with the command that fixes it. Exit 5 if a gate fails, 6 if one can't be told. What only a
    deployment can show is "not told" before there is one.
    """
    workspace = find()
    names = list(targets or workspace.config.pilot.measured)
    trust.for_work(workspace, names, profiles=True)
    results = pipeline.doctor(workspace, names, wait)
    if as_json:
        emit(results)
    else:
        for name, checks in results.items():
            print(name)
            print_checks(checks)
    end(results)
