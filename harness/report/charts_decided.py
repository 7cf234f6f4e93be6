"""Charts of the decision: how often an alternative wins, and what turns its lead."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.plot import Panel, Scale, plain, round_ticks
from harness.report.svg import BASELINE, CANDIDATE, GRID, HYBRID, INK, MUTED, Canvas, Rows, drawing, width_of
from harness.words.numbers import percent


@drawing
def acceptability(canvas: Canvas, rows: Rows, order: Sequence[str]) -> None:
    """``rows``: alternative, share, weights; a group a kind of weights, every bar on one scale from nought to all."""
    colours = dict(zip(order, (BASELINE, CANDIDATE, HYBRID), strict=False))
    x = Scale(0, 1, 0, canvas.width - 70)
    for weights in dict.fromkeys(row["weights"] for row in rows):
        canvas.words(weights, bold=True)
        for row in (row for row in rows if row["weights"] == weights):
            canvas.words(row["alternative"])
            top = canvas.down(20)
            canvas.bar(0, top + 2, x(1), top + 15, GRID, opacity=0.45)
            canvas.bar(0, top + 2, x(row["share"]), top + 15, colours[row["alternative"]], row.get("said", ""))
            canvas.text((x(1) + 6, top + 13), percent(row["share"]))
        canvas.down(6)


@drawing
def tornado(canvas: Canvas, rows: Rows, lead: float) -> None:
    """``rows``: input, low, high; the widest first, each named above its bar; a rule at nought, where the order turns."""
    ends = [0.0, lead, *(row[end] for row in rows for end in ("low", "high"))]
    room = (max(ends) - min(ends)) * 0.04 or 0.1
    x = Scale(min(ends) - room, max(ends) + room, 0, canvas.width - 4)
    start, under = canvas.down(LINES), len(canvas.parts)
    for row in rows:
        canvas.words(row["input"])
        top = canvas.down(20)
        low, high = sorted((row["low"], row["high"]))
        canvas.bar(x(low) - 1, top + 2, x(high) + 1, top + 14, BASELINE, row.get("said", ""), 0.75)
    bottom, above = canvas.height, canvas.parts[under:]
    del canvas.parts[under:]  # the rules lie under what is named and drawn over them
    for value, colour, dash, words in ((0.0, INK, "", "tie"), (lead, MUTED, "3,3", f"now {lead:.2f}")):
        canvas.line([(x(value), start + 16), (x(value), bottom)], colour, width=1, dash=dash)
        clash = words == "tie" and abs(x(lead) - x(0)) < width_of("tie now 0.00")
        half = width_of(words) / 2
        at = min(max(x(value), half), canvas.width - half)
        if not clash:
            canvas.text((at, start + 12), words, anchor="middle", colour=MUTED)
    canvas.parts += above
    top = canvas.down(36)
    axis = Panel(canvas, x, Scale(0, 1, top, top))
    axis.x_axis("lead, points of five", {v: plain(v) for v in round_ticks(x.low, x.high, 6)})


LINES = 18
