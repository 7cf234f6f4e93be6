"""At your traffic: what the simulator says of the sealed traffic and of factors of it, and how far it is to be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.decision.findings import Findings
from harness.domain.estimate import Estimate, Infinite, Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons.decided import CheaperThroughout, CostsCross
from harness.errors import Refused
from harness.predict.prediction import CONFIDENCE, AtTraffic, Prediction, Quantity
from harness.predict.whole import Foretold
from harness.report import charts_predicted
from harness.report.blocks import Figure, Table, marked, table
from harness.report.columns import counted, estimate, figure, share, target, word
from harness.report.figures import pair_of
from harness.report.svg import Drawing, Rows, render, standalone
from harness.words import said
from harness.words.numbers import duration_text, level, money, percent, significant

Names = Mapping[str, str]
HEADS = {
    Quantity.P95: ("p95", "p95_s", duration_text),
    Quantity.TTFT_P95: ("p95 to the first token", "ttft_p95_s", duration_text),
    Quantity.COLD_SHARE: ("cold share", "cold_share", percent),
    Quantity.REFUSED_SHARE: ("refused share", "refused_share", percent),
    Quantity.INSTANCES_MEAN: ("instances", "instances", significant),
    Quantity.COST: ("runtime a month", "month_usd", money),
}
TABLES = frozenset(
    {"predicted", "assumed", "held-out", "at-traffic-table", "crossings", "capacity"}
)  # that want other volumes to be played
TOLD = (Quantity.P95, Quantity.COLD_SHARE, Quantity.INSTANCES_MEAN, Quantity.COST)
DRAWN = (Quantity.P95, Quantity.COLD_SHARE, Quantity.COST)


def _levels(foretold: Foretold) -> str:
    """In words."""
    of_cost = level(_level(foretold, Quantity.COST))
    return f"{level(CONFIDENCE)} intervals, of the cost {of_cost}, as promises are judged"


def _level(foretold: Foretold, quantity: Quantity) -> float:
    """Of its intervals."""
    every = (one.of(quantity).known for one in foretold.prediction.at)
    return next((known.confidence for known in every if isinstance(known, Estimate)), CONFIDENCE)


def factors(foretold: Foretold, names: Names) -> Table:
    """One row a target and factor."""
    rows = [(one.target, one.factor, one.per_s, *(one.of(q).known for q in HEADS)) for one in foretold.prediction.at]
    shown = (
        target(names),
        figure("times", "factor", significant),
        figure("requests/s", "mean_per_s", significant),
        *(estimate(*HEADS[q], level=f"{level(_level(foretold, q))} interval") for q in HEADS),
    )
    note = (
        f"Simulated; {_levels(foretold)}. The model provider and the store are assumed to answer at any traffic as they did "
        "in the runs. For other factors: pilot predict --times."
    )
    return table("predicted", "At your traffic and at other volumes", shown, rows, note)


def assumed(foretold: Foretold, names: Names) -> Table:
    """Every figure that nobody measured or declared."""
    rows = [
        (name, p.what.value, p.value, p.low, p.high, p.unit, p.source)
        for name in foretold.prediction.parameters
        for p in foretold.prediction.assumptions(name)
    ]
    shown = (
        target(names),
        word("figure"),
        figure("value", "value", significant),
        figure("from", "least", significant),
        figure("to", "most", significant),
        word("unit"),
        word("source"),
    )
    return table("assumed", "What the predictions assume", shown, rows, "Each is varied within its range.")


def held_out(foretold: Foretold, names: Names) -> Table:
    """How far off predictions of runs were that had no part in them."""
    rows = [
        (r.target, r.quantity.value, r.without, r.held, r.covered / r.held, r.median_error, r.worst_error)
        for r in foretold.validation.rows
        if r.held
    ]
    shown = (
        target(names),
        word("quantity"),
        word("kept out", "without"),
        counted("runs predicted", "runs"),
        share("inside the 90 % interval", "covered_share"),
        share("median error", "median_error", lack="none is finite"),
        share("largest error", "worst_error", lack="none is finite"),
    )
    held = foretold.validation
    told = [f"{names[name]}: {blocks} blocks are too few" for name, blocks in held.few]
    told += [f"{names[name]}: {kept} of {of} blocks, from first to last" for name, kept, of in held.sampled]
    note = "Each block, or profile, predicted from the others for the traffic it had. Errors are relative, of refused shares in points."
    return table("held-out", "Predicted runs against measured ones", shown, rows, f"{note} {'; '.join(told)}".strip())


def curves(
    foretold: Foretold, findings: Findings, names: Names, limit_s: float, would_change: Sequence[Reason] = ()
) -> Figure | None:
    """P95, cold share and cost over factors, shaded where it can't be told."""
    rows = _rows(foretold.prediction, names)
    if not rows:
        return None
    shown = table(
        "at-traffic-table",
        "At other volumes, as drawn",
        (
            target(names),
            word("quantity"),
            figure("times", "factor", significant),
            *(
                figure(head, name, significant, lack="open")
                for head, name in (("value", "value"), ("low", "low"), ("high", "high"))
            ),
        ),
        [(r["folder"], r["quantity"], r["factor"], r["value"], r["low"], r["high"]) for r in rows],
    )
    untold = any(_untold(foretold.prediction.at, q) for q in DRAWN)
    volumes = (why for why in would_change if isinstance(why, CostsCross | CheaperThroughout))
    title = next(map(said, volumes), "Predicted at other volumes").removesuffix(".")
    cold = [r for r in rows if r["quantity"] == Quantity.COLD_SHARE.value]
    warm = " No answer would be cold." if cold and not any(r["value"] or r["high"] for r in cold) else ""
    shaded = " Shaded: can't be predicted from what was measured; the table says what to measure." if untold else ""
    subtitle = f"In multiples of {foretold.prediction.traffic}; simulated, with {_levels(foretold)}.{warm}{shaded}"
    spec = _spec(foretold.prediction, marked(rows, shown), pair_of(findings, names), limit_s)
    return Figure("at-traffic", title, subtitle, render(spec, title), shown)


def chart(made: Prediction, names: Names, limit_s: float) -> str:
    """The same as a file of its own; raises Refused where nothing can be drawn."""
    rows = _rows(made, names)
    targets = tuple(names[name] for name in made.parameters)
    if not rows or len(targets) != 2:
        raise Refused(
            "nothing to draw: no figure of the prediction can be told", "pilot predict without --chart says why"
        )
    spec = _spec(made, [{**row, "said": f"{row['target']}, {row['factor']:g} times"} for row in rows], targets, limit_s)
    return standalone(render(spec, f"Times {made.traffic}, simulated"))


def _rows(made: Prediction, names: Names) -> list[dict[str, Any]]:
    return [_row(one, q, names) for q in DRAWN for one in made.at if isinstance(one.of(q).known, Estimate)]


def _spec(made: Prediction, rows: Rows, pair: tuple[str, str], limit_s: float) -> Drawing:
    dark = [{"quantity": q.value, "low": low, "high": high} for q in DRAWN for low, high in _untold(made.at, q)]
    return charts_predicted.over_factors(rows, dark, pair, limit_s)


def refusals(foretold: Foretold, names: Names) -> tuple[str, ...]:
    """What can't be told at your traffic or beyond, and what would tell."""
    found: dict[tuple[str, str], list[float]] = {}
    for one in foretold.prediction.at:
        for each in one.figures:
            if each.quantity in TOLD and isinstance(why := each.known, Unknown) and _refused(why):
                found.setdefault((one.target, said(why.reason)), []).append(one.factor)
    return tuple(f"{names[name]}, {_times(factors)}: {words}." for (name, words), factors in found.items())


def _refused(known: Known) -> bool:
    """An infinite percentile is an answer."""
    return isinstance(known, Unknown) and not isinstance(known, Infinite)


def _times(factors: Sequence[float]) -> str:
    low, high = min(factors), max(factors)
    return f"at {low:g} times" if low == high else f"from {low:g} to {high:g} times"


def _row(one: AtTraffic, quantity: Quantity, names: Names) -> dict[str, Any]:
    known = one.of(quantity).known
    assert isinstance(known, Estimate)
    return {
        "folder": one.target,
        "target": names[one.target],
        "quantity": quantity.value,
        "factor": one.factor,
        "value": known.value,
        "low": known.low,
        "high": known.high,
    }


def _untold(at: Sequence[AtTraffic], quantity: Quantity) -> list[tuple[float, float]]:
    """Factors at which a target that is drawn has no value, each reaching half way to its neighbours."""
    drawn = {one.target for one in at if isinstance(one.of(quantity).known, Estimate)}
    every = sorted({one.factor for one in at})
    out: list[tuple[float, float]] = []
    for k, factor in enumerate(every):
        if not any(_refused(one.of(quantity).known) for one in at if one.factor == factor and one.target in drawn):
            continue
        low = factor if k == 0 else (every[k - 1] * factor) ** 0.5
        high = factor if k == len(every) - 1 else (every[k + 1] * factor) ** 0.5
        if out and out[-1][1] == low:
            low = out.pop()[0]
        out.append((low, high))
    return out
