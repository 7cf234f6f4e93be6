"""The decision in full: gates, scores, how firm they are, and what would turn them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.decision.decide import Decision
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.rule import FIRM, LEANING, TIE
from harness.decision.scorecards import Scoring
from harness.decision.scores import Scored
from harness.domain.columns import Column, Kind, absent_of
from harness.domain.criteria import WORDS, Criterion
from harness.domain.estimate import Unknown
from harness.domain.reason import labelled
from harness.domain.reasons.absence import NothingScored
from harness.report import charts_decided
from harness.report.blocks import Cell, Figure, Shown, Table, absent, listed, marked, number, table
from harness.report.columns import figure, share, target, text, word
from harness.report.svg import render
from harness.words import said
from harness.words.numbers import bracket, joined, percent, span

Names = Mapping[str, str]  # of the alternatives


def scores(decision: Decision, names: Names, titles: Names) -> Table:
    """Every criterion: weight, scores, and what each rests on; ``titles`` of the targets."""
    made = decision.scoring
    order = [card.name for card in made.cards] if made else [BASELINE, CANDIDATE]
    rows: list[tuple[Any, ...]] = []
    for criterion in Criterion:
        if made is None or criterion not in made.weights:
            why = Unknown(labelled(made.left_out[criterion], titles) if made else NothingScored())
            rows.append((WORDS[criterion], None, *(why for _ in order), ""))
            continue
        cells = [next(card for card in made.cards if card.name == name).scores[criterion] for name in order]
        basis = made.notes.get(criterion) or said(made.cards[0].scores[criterion].basis)
        rows.append((WORDS[criterion], made.weights[criterion], *cells, basis))
    if made is not None:
        rows.append(("sum", 1.0, *(made.total(name) for name in order), ""))
    shown = (
        word("criterion"),
        share("weight", "weight_share", lack="counts for none"),
        *(_points(names[name], name) for name in order),
        text("basis"),
    )
    note = "From 1 to 5 on anchors that were sealed; measured scores with those at the ends of their intervals."
    return table("scores", "Scores", shown, rows, note)


def _points(head: str, name: str) -> Shown:
    """A score with its ends, the sum of all, or why there is none."""
    parts = (f"{name}_score", f"{name}_score_low", f"{name}_score_high")
    columns = (*(Column(p, Kind.FLOAT, head) for p in parts), Column(absent_of(parts[0]), Kind.TEXT, head))

    def cell(score: Scored | float | Unknown) -> Cell:
        if isinstance(score, Unknown):
            return absent(said(score.reason))
        if isinstance(score, float):
            return number(f"{score:.2f}")
        value = _tenths(score.value)
        return number(f"{value}{bracket(value, span(score.low, score.high, _tenths))}")

    def split(score: Scored | float | Unknown) -> tuple[Any, ...]:
        if isinstance(score, Unknown):
            return None, None, None, said(score.reason)
        if isinstance(score, float):
            return score, None, None, None
        return score.value, score.low, score.high, None

    return Shown(head, columns, cell, split)


def _tenths(points: float) -> str:
    return f"{points:.1f}"


def firmness(decision: Decision, names: Names) -> Table:
    """How often each alternative wins when weights and measurements are drawn."""
    made = decision.scoring
    note = (
        f"Shares of 20,000 draws. {FIRM * 100:.0f} % around the sealed weights is firm, {LEANING * 100:.0f} % a leaning; "
        "under any priorities every set of weights is as likely as another."
    )
    return listed(
        "firmness",
        "How firm the order is",
        made.cards if made else (),
        [
            (target(names, "alternative", "alternative"), lambda card: card.name),
            (figure("sum", "score", lambda v: f"{v:.2f}"), lambda card: made.total(card.name) if made else None),
            (
                share("first around the sealed weights", "wins_sealed_share"),
                lambda card: made.acceptability.around[card.name] if made else None,
            ),
            (
                share("first under any priorities", "wins_any_share"),
                lambda card: made.acceptability.uniform[card.name] if made else None,
            ),
        ],
        note,
    )


def flips(decision: Decision, names: Names) -> Table:
    """The nearest weight of each criterion at which another alternative leads."""
    made = decision.scoring
    note = ""
    if made is not None:
        note = (
            f"{names[made.order[0]]} leads now. Each row: the nearest weight at which it no longer does, and who leads then; "
            "the other weights keep their proportions."
        )
    return listed(
        "flips",
        "Weights that would change the order",
        made.flips if made else (),
        [
            (word("criterion"), lambda flip: WORDS[flip.criterion]),
            (share("weight", "weight_share"), lambda flip: flip.weight),
            (share("flips at", "flips_at_share", lack="no weight does"), lambda flip: flip.flips_at),
            (word("to", "flips_to", lack="nobody else", write=lambda name: names[name]), lambda flip: flip.to),
        ],
        note,
    )


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
    title = _firmest(made, names)
    subtitle = "Share of 20,000 draws of weights, with measured scores drawn within their intervals."
    columns = (text("alternative"), word("weights"), share("comes first", "wins_share"))
    values = [(r["alternative"], r["weights"], r["share"]) for r in rows]
    shown = table("acceptability-table", title, columns, values)
    spec = charts_decided.acceptability(marked(rows, shown), [names[name] for name in (BASELINE, CANDIDATE, HYBRID)])
    return Figure("acceptability", title, subtitle, render(spec, title), shown)


def _firmest(made: Scoring, names: Names) -> str:
    """Who comes first how often; that it is a tie, where it is one."""
    shares = made.acceptability.around
    best = max(shares, key=lambda name: shares[name])
    often = f"comes first in {percent(shares[best])} of random weightings around the sealed ones"
    tied = [names[name] for name in made.order if made.total(made.order[0]) - made.total(name) < TIE]
    if len(tied) < 2:
        return f"{names[best]} {often}"
    alike = sum(percent(share) == percent(shares[best]) for share in shares.values()) > 1
    return f"A tie: {joined(tied)} score the same within {TIE:g} points; {'each' if alike else names[best]} {often}"


def tornado(decision: Decision, names: Names) -> Figure | None:
    """The lead of the first over the second at both ends of each measured input."""
    made = decision.scoring
    if made is None or not made.tornado:
        return None
    first, second = made.order[:2]
    lead = made.total(first) - made.total(second)
    rows: list[dict[str, Any]] = [
        {"input": f"{s.criterion.value}, {names.get(s.alternative, s.alternative)}", "low": s.low, "high": s.high}
        for s in made.tornado
    ]
    pair = f"{names[first]} and {names[second]}"
    turning = [r["input"] for r in rows if float(r["low"]) <= 0 <= float(r["high"])]
    title = f"No measured input alone turns the lead of {names[first]} over {names[second]}"
    if lead < TIE:
        turning = [r["input"] for r in rows if max(abs(float(r["low"])), abs(float(r["high"]))) >= TIE]
        title = f"No measured input alone would end the tie of {pair}"
    if turning:
        what = f"end the tie of {pair}" if lead < TIE else f"turn the order of {pair}"
        title = f"The interval of one score alone ({turning[0]}) could {what}"
    subtitle = f"Lead in points of five with each measured score at the ends of its interval; now {lead:.2f}."
    columns = (text("input"), _points_of("lead at one end", "lead_one"), _points_of("lead at the other", "lead_other"))
    shown = table("tornado-table", title, columns, [(r["input"], r["low"], r["high"]) for r in rows])
    return Figure("tornado", title, subtitle, render(charts_decided.tornado(marked(rows, shown), lead), title), shown)


def _points_of(head: str, name: str) -> Shown:
    return figure(head, name, lambda v: f"{v:.2f}")
