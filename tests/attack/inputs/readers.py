"""Every reader of a workspace, called as the commands call them, in this process."""

from __future__ import annotations

from pathlib import Path

from harness.domain.arrivals import poisson
from harness.domain.schedule import draw
from harness.platforms.shared.book import read_book
from harness.workspace import open_workspace
from harness.workspace.trace_csv import read_trace


def read_all(root: Path) -> None:
    """Raises Refused where any file is; whatever else it raises is a finding."""
    workspace = open_workspace(root)
    workspace.measured()
    for target in workspace.measured():
        if target.prices is not None:
            read_book(target.prices.book)
        if (sweep := workspace.sweep(target.name)) is not None:
            workspace.swept(sweep)
    workspace.traffic()
    workspace.times_read_as()
    workspace.retry()
    workspace.slos()
    questions = workspace.questions()
    profiles = workspace.config.profiles
    for profile in profiles.values():
        load = poisson(profile.rate or 1.0)
        if profile.trace:
            load = load.playing(read_trace(root / profile.trace), profile.speed)
        load = load.during(profile.duration_s or 10.0).after_warmup(profile.warmup_s)
        if load.too_many() is None:
            draw(load, questions, workspace.config.pilot.seed, workspace.mix())
