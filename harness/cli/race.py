"""``pilot race PROFILE``: both targets at once, to watch; not evidence."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import aside
from harness.campaign.progress import Progress
from harness.cli.numbers import within
from harness.cli.output import emit
from harness.domain.bounds import RUN_S, Range
from harness.errors import Refused
from harness.workspace import find, trust

LENGTH_S = Range(2, RUN_S.most)


def _length(seconds: float | None) -> float | None:
    return None if seconds is None else within(LENGTH_S)(seconds)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("race")(race)


def race(
    profile: Annotated[str, typer.Argument(help="A profile of pilot.toml, or a file of loadprofiles/, as burst.")],
    *,
    rate: Annotated[
        float | None, typer.Option(metavar="PER_SECOND", help="Requests per second; default: the profile's own.")
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", callback=_length, help="Length; default: the profile's own."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what each run left as JSON.")] = False,
) -> None:
    """Drive one profile at both targets at once, with the same schedule, and serve the live page meanwhile.

    To watch, not to measure: both generators share this machine, so nothing of it is evidence, and no verdict is made of it.
    """
    if rate is not None and not rate > 0:
        raise Refused(f"--rate {rate:g}: want a number above 0", "as --rate 5")
    workspace = find()
    pair = [workspace.config.pilot.baseline, workspace.config.pilot.candidate]
    trust.for_work(workspace, pair, profiles=True)
    with Progress() as progress:
        store, records = aside.race(workspace, profile, rate, seconds, progress)
    if as_json:
        runs = [
            {"target": r.target, "outcomes": (r.ledger or {}).get("outcomes"), "folder": str(r.path)} for r in records
        ]
        emit({"folder": str(store.root), "evidence": False, "runs": runs})
    else:
        print(f"to watch, not to measure: {store.root}\npilot watch {store.root} shows it again")
