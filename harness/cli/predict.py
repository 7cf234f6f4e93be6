"""``pilot predict``: what happens at other traffic, with intervals, and where that cannot be told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harness import pipeline
from harness.campaign.progress import Progress
from harness.cli import page
from harness.cli.numbers import within
from harness.cli.output import emit, file_for
from harness.domain.bounds import SEED
from harness.domain.estimate import Estimate, Infinite, Unknown
from harness.errors import Refused
from harness.evidence.files import write_text
from harness.predict.as_json import prediction_json, validation_json
from harness.predict.parameter import From, Parameter
from harness.predict.prediction import CONFIDENCE, UNITS, AtTraffic, Predicted, Prediction, Quantity
from harness.predict.settings import asked
from harness.predict.validate import Validation
from harness.predict.whole import Wanted
from harness.words import said
from harness.words.numbers import duration_text, level, money, percent, significant
from harness.workspace import find

DRAWN = "0.1,0.3,1,3,10,30,100"
MOST_TIMES, LEAST_TIMES = 10_000.0, 0.001
WRITE = {"s": duration_text, "": percent, "USD": money, "h": significant, "instances": significant}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("predict")(predict)


def predict(
    *,
    times: Annotated[
        str | None,
        typer.Option("--times", metavar="FACTORS", help="How many times the traffic: 1,10,100; 1 where not given."),
    ] = None,
    traffic: Annotated[
        Path | None,
        typer.Option("--traffic", metavar="FILE", help="A trace (CSV) in place of the traffic of pilot.toml."),
    ] = None,
    changes: Annotated[
        str | None, typer.Option("--set", metavar="NAME=NUMBER,…", help="Settings: memory_mb=2048,min_instances=3.")
    ] = None,
    validate: Annotated[
        bool,
        typer.Option("--validate", help="Keep out each block, predict it from the others, report error and coverage."),
    ] = False,
    chart: Annotated[
        Path | None,
        typer.Option(
            "--chart", metavar="FILE.svg", help="Draw it too; without --times from 0.1 to 100 times the traffic."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", callback=within(SEED), help="Of the playing; the pilot's own where not given."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the prediction as JSON.")] = False,
) -> None:
    """Predict p95, first token, cold and refused share, instances and cost at other traffic; refuse where nobody measured."""
    workspace = find()
    played = {"--times": times, "--traffic": traffic, "--set": changes}
    if chart is not None and (validate or chart.suffix != ".svg"):
        raise Refused(f"--chart {chart}: want a file that ends in .svg, and no --validate", "as --chart predicted.svg")
    if validate and (said := [name for name, value in played.items() if value]):
        raise Refused(
            f"{', '.join(said)}: --validate predicts what was measured, at the traffic and settings that it had",
            "without them, or without --validate",
        )
    if chart is not None:
        file_for("--chart", chart)
    asked_times = times or ("1" if chart is None else DRAWN)
    with Progress(quiet=as_json) as progress:
        if validate:
            held = pipeline.validate(workspace, progress, seed=seed)
        else:
            wanted = Wanted(factors(asked_times), traffic, asked(changes) if changes else ())
            made = pipeline.predict(workspace, wanted, progress, seed=seed)
    if validate:
        emit(validation_json(held)) if as_json else _print_held(held)
    else:
        drawn = None if chart is None else pipeline.prediction_chart(workspace, made)
        emit(prediction_json(made)) if as_json else _print(made)
        if chart is not None and drawn is not None:
            write_text(chart, drawn)
            print(chart, file=sys.stderr if as_json else sys.stdout)


def factors(text: str) -> tuple[float, ...]:
    """``1,10,100``; raises Refused with every part that is no factor."""
    found, wrong = [], []
    for part in (p.strip() for p in text.split(",")):
        try:
            value = float(part)
        except ValueError:
            wrong.append(part)
            continue
        found.append(value) if LEAST_TIMES <= value <= MOST_TIMES else wrong.append(part)
    if wrong or not found:
        bounds = f"want numbers from {LEAST_TIMES:g} to {MOST_TIMES:,.0f}, separated by commas"
        raise Refused(f"--times {', '.join(wrong) or repr(text)}: {bounds}", "as --times 1,10,100")
    return tuple(dict.fromkeys(found))


def _print(made: Prediction) -> None:
    out = page.console()
    head = ("target", "times", "requests/s", "quantity", "value", _levels(made), "n", "playing's error")
    for target in made.parameters:
        at = [a for a in made.at if a.target == target]
        body = [row for one in at for row in _rows(one)]
        page.rows(out, f"{target} at {made.traffic}", head, body, right=(1, 2, 4, 5, 6, 7))
        refused = dict.fromkeys(
            f"{', '.join(f'{a.factor:g} x' for a in at if _why(a, why))}: {why}" for a in at for why in _whys(a)
        )
        page.lines(out, f"what can't be told of {target}", list(refused))
        _hours(out, target, at)
        figures = [_figure(p) for p in made.parameters[target]]
        page.rows(
            out, f"what it rests on: {target}", ("figure", "value", "from", "to", "basis", "n", "where from"), figures
        )
        if made.changed[target]:
            page.lines(out, f"changed for {target}", list(made.changed[target]))
    page.lines(out, "mind", _mind(made))


def _levels(made: Prediction) -> str:
    """Of the intervals: of cost that of the verdicts, of what else is played its own."""
    every = [(f.quantity, f.known.confidence) for at in made.at for f in at.figures if isinstance(f.known, Estimate)]
    of_cost = sorted({level(sure) for quantity, sure in every if quantity is Quantity.COST} - {level(CONFIDENCE)})
    return f"{level(CONFIDENCE)} interval{f' (of cost {of_cost[0]})' if of_cost else ''}"


def _rows(at: AtTraffic) -> list[tuple[str, ...]]:
    return [
        (
            at.target,
            f"{at.factor:g}",
            significant(at.per_s),
            f.quantity.value,
            *_figures(f),
        )
        for f in at.figures
    ]


def _figures(one: Predicted) -> tuple[str, str, str, str]:
    known, write = one.known, WRITE[UNITS[one.quantity]]
    if isinstance(known, Infinite):
        return said(known.reason), "", f"{known.n:,} in {known.blocks}", ""
    if not isinstance(known, Estimate):
        return "can't tell", "", "", ""
    low, high = ("open" if end is None else write(end) for end in (known.low, known.high))
    ends = low if low == high else f"{low} to {high}"
    error = "" if one.played_error is None else f"± {write(one.played_error)}"
    return write(known.value), ends, f"{known.n:,} in {known.blocks}", error


def _whys(at: AtTraffic) -> list[str]:
    return list(dict.fromkeys(said(f.known.reason) for f in at.figures if isinstance(f.known, Unknown)))


def _why(at: AtTraffic, why: str) -> bool:
    return why in _whys(at)


def _hours(out: Console, target: str, at: list[AtTraffic]) -> None:
    """Instances hour by hour of the first factor; one line where every hour is alike."""
    if not at or not at[0].hours or not at[0].of(Quantity.INSTANCES_MEAN).told:
        return
    hours = at[0].hours
    if len({(h.mean, h.most) for h in hours}) == 1:
        return
    body = [
        (f"{h.hour // 24 + 1}", f"{h.hour % 24:02d}:00", significant(h.per_s), significant(h.mean), significant(h.most))
        for h in hours
    ]
    title = f"{target}: instances hour by hour at {at[0].factor:g} x"
    page.rows(out, title, ("day", "hour", "requests/s", "mean", "most"), body, right=(0, 2, 3, 4))


def _figure(p: Parameter) -> tuple[str, ...]:
    def text(value: float | None) -> str:
        return "" if value is None else f"{value:g}" if p.unit != "s" else duration_text(value)

    counted = f"{p.n:,} in {p.blocks}" if p.basis is From.MEASURED else ""
    unit = f" {p.unit}" if p.unit not in ("", "s") else ""
    ends = (text(p.low), text(p.high)) if p.low != p.high else ("", "")
    return p.what.value, text(p.value) + unit, *ends, p.basis.value, counted, p.source


def _mind(made: Prediction) -> list[str]:
    out = [
        "the model provider and the store are taken to answer at any traffic as they did when they were measured",
    ]
    for target, highest in made.highest_per_s.items():
        beyond = [a for a in made.at if a.target == target and a.per_s > highest]
        if beyond:
            worst = max(a.per_s for a in beyond)
            out.append(f"{target} was asked for {highest:.3g}/s at most; {worst:.3g}/s is predicted, not measured")
    return out


def _print_held(held: Validation) -> None:
    out = page.console()
    body = [
        (
            row.target,
            row.quantity.value,
            f"its {row.without}",
            f"{row.held}",
            percent(row.covered / row.held) if row.held else "",
            "" if row.median_error is None else percent(row.median_error),
            "" if row.worst_error is None else percent(row.worst_error),
        )
        for row in held.rows
    ]
    head = ("target", "quantity", "kept out", "runs", "covered by the 90 % interval", "median error", "largest")
    page.rows(out, "Held out: runs predicted from the others", head, body, right=(3, 4, 5, 6))
    few = [f"{target}: {blocks} blocks are too few to keep one out" for target, blocks in held.few]
    page.lines(out, "not held out", few)
    page.lines(
        out, "kept out", [f"{name}: {kept} of {of} blocks, from first to last" for name, kept, of in held.sampled]
    )
