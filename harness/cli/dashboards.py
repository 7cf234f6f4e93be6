"""``pilot dashboards``: charts and alarms for the platforms' own consoles, the promises filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.output import folder_for
from harness.errors import Refused
from harness.evidence.files import dump, write_text
from harness.platforms.shared import dashboards as making
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("dashboards")(dashboards)


def dashboards(
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Output folder; default dashboards/.")] = None,
) -> None:
    """Write a CloudWatch dashboard with alarms and a Grafana dashboard, for the targets' metric sources."""
    workspace = find()
    targets, slo = workspace.measured(), workspace.config.slo
    folder = folder_for("--out", out or workspace.root / "dashboards")
    made = {
        "grafana.json": making.grafana(targets, workspace.config.pilot.question),
        "cloudwatch.json": making.dashboard(targets, slo),
        "cloudwatch-alarms.json": making.alarms(targets, slo),
    }
    holds = {"grafana.json": "panels", "cloudwatch.json": "widgets", "cloudwatch-alarms.json": "Resources"}
    wanted = {name: content for name, content in made.items() if content[holds[name]]}
    if not wanted:
        raise Refused("no target names a cloudwatch or prometheus source", "add [[sources]] to its target.toml")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in wanted.items():
        write_text(folder / name, dump(content))
        print(folder / name)
