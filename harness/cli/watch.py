"""``pilot watch [DIR]``: the live page of a campaign or a race that goes on, or that has ended."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from harness import pipeline
from harness.watch.beside import PARENT_VARIABLE
from harness.watch.found import found


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("watch")(watch)


def watch(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="A workspace, or the folder of a race; default: here.")
    ] = None,
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of this machine's loopback; 0: any free one.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as one JSON line.")] = False,
) -> None:
    """Serve a page that shows both targets side by side, live or from the evidence, until Ctrl-C.

    It only reads: it starts, stops and changes nothing. Verdicts are shown at the sealed looks alone.
    """
    from harness.watch.picture import Picture  # noqa: PLC0415 - a web server, where one is served
    from harness.watch.serve import Served, step_back  # noqa: PLC0415
    from harness.watch.verdicts import judged  # noqa: PLC0415

    workspace, store = found(folder)
    parent = sys.stdin.buffer if os.environ.get(PARENT_VARIABLE) else None

    def announce(address: str) -> None:
        if as_json:
            print(json.dumps({"address": address, "folder": str(store.root)}), flush=True)
        else:
            print(
                f"{store.root}\n{address}\n  (anyone on this machine who has the address can open it; Ctrl-C ends it)",
                flush=True,
            )

    def judge() -> Mapping[str, Any]:
        outcome = pipeline.decide(workspace)
        names = {target.name: target.label for target in workspace.pair()}
        return judged(outcome.findings, outcome.decision, names)

    step_back()
    served = Served(Picture(workspace, store, judge), port)
    try:
        announce(served.page.address)
        served.wait(parent)
    finally:
        served.close()
