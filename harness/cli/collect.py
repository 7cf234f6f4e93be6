"""``pilot collect``: pull what the platforms know of the runs so far."""

from __future__ import annotations

import typer

from harness import pipeline
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("collect")(collect)


def collect() -> None:
    """Pull every settled reading that is not there yet; safe to repeat, and in cron."""
    done = pipeline.collect(find())
    print(
        f"{done.pulled} pulled, {done.kept} already there, {done.absent} series absent, "
        f"{done.unsettled} not settled yet"
    )
