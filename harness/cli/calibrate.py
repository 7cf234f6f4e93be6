"""``pilot calibrate``: the load generator against servers whose law is known."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import aside
from harness.calibration.calibrate import LONG, USUAL, record
from harness.calibration.checks import Checked
from harness.campaign.progress import Progress
from harness.cli.output import emit
from harness.errors import Exit
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("calibrate")(calibrate)


def calibrate(
    *,
    long: Annotated[
        bool, typer.Option("--long", help="Also test D/M/1 and M/M/1 queues at half load; five minutes in all.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
) -> None:
    """Test the load generator against servers of known response times; exit 5 when a check fails, 6 when one can't be told."""
    workspace = find()
    with Progress() as progress:
        made, path = aside.calibrate(workspace, progress, LONG if long else USUAL)
    if as_json:
        emit(record(made))
    else:
        print(table([*made.checks]))
        print(f"highest rate held: {made.floor.highest_rate_per_s or 'none'} of {made.floor.rates_tried_per_s} per s")
        print(f"record: {path}")
    if not made.passed:
        raise typer.Exit(int(Exit.GATE if made.failed else Exit.CANT_TELL))


def table(checks: list[Checked]) -> str:
    """A line a check: truth, measured, tolerance and how it was derived."""
    lines, law = [], None
    for c in checks:
        if c.law != law:
            law = c.law
            lines.append(law)
        measured = "nothing" if c.measured_s is None else f"{c.measured_s * 1e3:8.2f} ms"
        lines.append(
            f"  {c.verdict:<10} {c.quantity:<38} truth {c.truth_s * 1e3:8.2f} ms  measured {measured}  "
            f"tolerance {c.tolerance_s * 1e3:.2f} ms: {c.derived}; n {c.n}{f'; {c.why}' if c.why else ''}"
        )
    return "\n".join(lines)
