"""The decision in full: gates, scores, how firm they are, and what would turn them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.decision.decide import Decision
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.rule import FIRM, LEANING, TIE
from harness.decision.scorecards import Scoring
from harness.decision.wording import percent
from harness.domain.criteria import WORDS, Criterion
from harness.report import charts_decided
from harness.report.blocks import Cell, Figure, Table, absent, marked, number, table
from harness.report.svg import render

Names = Mapping[str, str]  # of the alternatives


def scores(decision: Decision, names: Names) -> Table:
    """Every criterion: weight, scores, and what each rests on."""
    made = decision.scoring
    order = [card.name for card in made.cards] if made else [BASELINE, CANDIDATE]
    rows = []
    for criterion in Criterion:
        if made is None or criterion not in made.weights:
            why = made.left_out.get(criterion, "") if made else "nothing can be scored"
            rows.append((Cell(WORDS[criterion]), absent("counts for none"), *(absent(why) for _ in order), Cell("")))
            continue
        cells = [_score(made, name, criterion) for name in order]
        basis = made.notes.get(criterion) or made.cards[0].scores[criterion].basis
        rows.append((Cell(WORDS[criterion]), number(percent(made.weights[criterion])), *cells, Cell(basis)))
    if made is not None:
        totals = [number(f"{made.total(name):.2f}") for name in order]
        rows.append((Cell("sum"), number("100 %"), *totals, Cell("")))
    head = ("criterion", "weight", *(names[name] for name in order), "basis")
    note = "From 1 to 5 on anchors that were sealed; measured scores with those at the ends of their intervals."
    return table("scores", "Scores", head, rows, note)


def _score(made: Scoring, name: str, criterion: Criterion) -> Cell:
    score = next(card for card in made.cards if card.name == name).scores[criterion]
    if score.high - score.low < 0.005:
        return number(f"{score.value:.1f}")
    return number(f"{score.value:.1f} ({score.low:.1f} to {score.high:.1f})")


def firmness(decision: Decision, names: Names) -> Table:
    """How often each alternative wins when weights and measurements are drawn."""
    made = decision.scoring
    rows = [
        (
            Cell(names[card.name]),
            number(f"{card.total(made.weights):.2f}"),
            number(percent(made.acceptability.around[card.name])),
            number(percent(made.acceptability.uniform[card.name])),
        )
        for card in (made.cards if made else ())
        if made is not None
    ]
    note = (
        f"Shares of 20,000 draws. {FIRM * 100:.0f} % around the sealed weights is firm, {LEANING * 100:.0f} % a leaning; "
        "under any priorities every set of weights is as likely as another."
    )
    head = ("alternative", "sum", "wins around the sealed weights", "wins under any priorities")
    return table("firmness", "How firm the order is", head, rows, note)


def flips(decision: Decision, names: Names) -> Table:
    """The nearest weight of each criterion at which another alternative leads."""
    made = decision.scoring
    rows = [
        (
            Cell(WORDS[flip.criterion]),
            number(percent(flip.weight)),
            number(percent(flip.flips_at)) if flip.flips_at is not None else absent("no weight does"),
            Cell(names[flip.to]) if flip.to is not None else absent("nobody else"),
        )
        for flip in (made.flips if made else ())
    ]
    note = ""
    if made is not None:
        note = (
            f"{names[made.order[0]]} leads now. Each row: the nearest weight at which it no longer does, and who leads then; "
            "the other weights keep their proportions."
        )
    head = ("criterion", "weight", "flips at", "to")
    return table("flips", "Weights that would change the order", head, rows, note)


def acceptability(decision: Decision, names: Names) -> Figure | None:
    """Bars of how often each alternative wins."""
    made = decision.scoring
    if made is None:
        return None
    rows: list[dict[str, Any]] = [
        {"alternative": names[name], "share": shares[name], "weights": words}
        for words, shares in (
            ("around the sealed weights", made.acceptability.around),
            ("under any priorities", made.acceptability.uniform),
        )
        for name in shares
    ]
    best = max(made.acceptability.around, key=lambda name: made.acceptability.around[name])
    title = f"{names[best]} wins {percent(made.acceptability.around[best])} of the draws around the sealed weights"
    subtitle = "Share of 20,000 draws of weights, with measured scores drawn within their intervals."
    cells = [(Cell(r["alternative"]), Cell(r["weights"]), number(percent(r["share"]))) for r in rows]
    shown = table("acceptability-table", title, ("alternative", "weights", "wins"), cells)
    spec = charts_decided.acceptability(marked(rows, shown), [names[name] for name in (BASELINE, CANDIDATE, HYBRID)])
    return Figure("acceptability", title, subtitle, render(spec, title), shown)


def tornado(decision: Decision, names: Names) -> Figure | None:
    """The lead of the first over the second at both ends of each measured input."""
    made = decision.scoring
    if made is None or not made.tornado:
        return None
    first, second = made.order[:2]
    lead = made.total(first) - made.total(second)
    rows: list[dict[str, Any]] = [{"input": _named(s.what, names), "low": s.low, "high": s.high} for s in made.tornado]
    turning = [r["input"] for r in rows if float(r["low"]) <= 0 <= float(r["high"])]
    title = f"No measured input alone turns the lead of {names[first]} over {names[second]}"
    if turning:
        title = f"{turning[0]} alone could turn the order of {names[first]} and {names[second]}"
    if lead < TIE:
        title = f"{names[first]} and {names[second]} score the same within {TIE:g} points, whatever their order"
    subtitle = f"Lead in points of five with each measured score at the ends of its interval; now {lead:.2f}."
    cells = [(Cell(r["input"]), number(f"{r['low']:.2f}"), number(f"{r['high']:.2f}")) for r in rows]
    shown = table("tornado-table", title, ("input", "lead at one end", "lead at the other"), cells)
    return Figure("tornado", title, subtitle, render(charts_decided.tornado(marked(rows, shown), lead), title), shown)


def _named(what: str, names: Names) -> str:
    head, _, alternative = what.rpartition(", ")
    return f"{head}, {names.get(alternative, alternative)}"
