"""``pilot canary [TARGET]``: what users feel while a router's split goes up, and back."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import aside
from harness.analysis.canary import Canary, Step
from harness.campaign.progress import Progress
from harness.cli import page
from harness.cli.numbers import within
from harness.cli.output import emit
from harness.domain.bounds import RUN_S, Range
from harness.domain.estimate import Estimate, Known
from harness.errors import Exit, Refused
from harness.run.canary import Splitting
from harness.words import said
from harness.words.numbers import bracket, duration_text, percent, span
from harness.workspace import find, trust

STEP_S = Range(2, RUN_S.most)
USUAL = "1,5,25,100"
MOST_STEPS = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("canary")(canary)


def canary(
    target: Annotated[
        str | None, typer.Argument(help="A router with [runtime.canary]; default: the pilot's hybrid.")
    ] = None,
    *,
    steps: Annotated[str, typer.Option(metavar="PERCENT,…", help="Shares of the split, in percent.")] = USUAL,
    seconds: Annotated[
        float, typer.Option(metavar="SECONDS", callback=within(STEP_S), help="Length of each step.")
    ] = 30.0,
    rate: Annotated[
        float | None,
        typer.Option(metavar="PER_SECOND", help="Requests per second; default: that of the everyday profile."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Drive steady load while the split goes 0, 1, 5, 25, 100 and back to 0 percent; say what users felt at each step.

    Exit 3 if the run is INVALID. However it ends, the split is back at 0 and the evidence is kept.
    """
    workspace = find()
    wanted = Splitting(shares_of(steps), seconds, _rate(rate))
    chosen = target or workspace.config.pilot.hybrid
    trust.for_work(workspace, [chosen] if chosen else [], profiles=True)
    with Progress() as progress:
        found = aside.canary(workspace, target, wanted, progress)
    if as_json:
        emit(found)
    else:
        _print(found)
    if not found.valid:
        raise typer.Exit(int(Exit.INVALID))


def shares_of(text: str) -> tuple[float, ...]:
    """From percentages with commas; raises Refused with every one that is none."""
    parts = [part.strip().removesuffix("%").strip() for part in text.split(",")]
    found: list[float] = []
    wrong: list[str] = []
    for part in parts:
        try:
            share = float(part) / 100
        except ValueError:
            share = -1.0
        if 0 < share <= 1:
            found.append(share)
        else:
            wrong.append(part)
    if wrong or len(parts) > MOST_STEPS:
        words = (
            f"not shares above 0 and up to 100: {', '.join(map(repr, wrong))}" if wrong else f"more than {MOST_STEPS}"
        )
        raise Refused(f"--steps {text}: {words}", f"as {USUAL}")
    return tuple(found)


def _rate(rate: float | None) -> float | None:
    if rate is not None and not rate > 0:
        raise Refused(f"--rate {rate:g}: want a number above 0", "as --rate 5")
    return rate


def _print(found: Canary) -> None:
    out = page.console()
    head = ("split", "requests", f"by {found.side}", "failed", "cut", "degraded", "p95", "as before after")
    rows = [_row(step) for step in found.steps]
    page.rows(out, f"canary of {found.target}, {found.folder}", head, rows, right=tuple(range(8)))
    drained = next((s.drained_s for s in found.steps if s.drained_s is not None), None)
    if drained is not None:
        print(f"the last answer of {found.side} ended {duration_text(drained)} after the rollback began")
    if len(found.steps) < found.planned:
        print(f"stopped after {len(found.steps)} of {found.planned} steps")
    print(f"{'VALID' if found.valid else 'INVALID'}; the split is at 0 %")


def _row(step: Step) -> tuple[str, ...]:
    p95 = "none" if step.p95_s is None else duration_text(step.p95_s)
    shares = (_share(step.failed), _share(step.cut), _share(step.degraded))
    return percent(step.share), str(step.requests), str(step.by_side), *shares, p95, _seconds(step.recovered_s)


def _share(known: Known) -> str:
    if not isinstance(known, Estimate):
        return said(known.reason)
    value, most = percent(known.value), 1.0 if known.high is None else known.high
    return f"{value}{bracket(value, span(known.low or 0.0, most, percent))}"


def _seconds(known: Known) -> str:
    return duration_text(known.value) if isinstance(known, Estimate) else said(known.reason)
