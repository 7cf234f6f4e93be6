"""The chart of one promise over campaigns, in the order in which they were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.report.plot import NEAR, Write, panel, up_to
from harness.report.svg import BASELINE, CANDIDATE, HYBRID, MUTED, Canvas, Rows, drawing

SHAPES = ("circle", "diamond", "square")
APART = 0.12  # of the distance between two campaigns, that targets stand beside each other


@drawing
def over_campaigns(
    canvas: Canvas,
    rows: Rows,
    order: Sequence[str],
    days: Sequence[str],
    limits: Mapping[int, float],
    write: Write,
    title: str,
) -> None:
    """``rows``: target, place, value, low, high, joined (to the one before), said; ``limits`` by place, as it was then."""
    look = dict(zip(order, zip(SHAPES, (BASELINE, CANDIDATE, HYBRID), strict=True), strict=False))
    canvas.key((*look[target], target) for target in order)
    values = [v for row in rows for v in (row["value"], row["high"]) if v is not None]
    most = max(values, default=0.0)
    near = [limit for limit in limits.values() if limit <= NEAR * most]
    plot = panel(canvas, 150, (-0.5, len(days) - 0.5), (0, up_to([*values, *near])), write=write)
    plot.y_axis(title, write)
    plot.x_axis("first day of each campaign", dict(enumerate(days)))
    with plot.inside():
        for place, limit in limits.items():
            if limit <= plot.y.high:
                ends = [plot.at(place - 0.5, limit), plot.at(place + 0.5, limit)]
                canvas.line(ends, MUTED, width=1.5, dash="5,4")
        for k, target in enumerate(order):
            shape, colour = look[target]
            before = None
            for row in (row for row in rows if row["target"] == target):
                at = row["place"] + APART * (k - (len(order) - 1) / 2)
                point = plot.at(at, row["value"])
                if row["joined"] and before is not None:
                    canvas.line([before, point], colour, width=1.5)
                low = row["value"] if row["low"] is None else row["low"]
                high = plot.y.high if row["high"] is None else row["high"]  # an open end is drawn open
                canvas.line([plot.at(at, low), plot.at(at, high)], colour, width=1.5, opacity=0.6)
                canvas.mark(shape, point, colour, row.get("said", ""), 4)
                before = point
    if limits and min(limits.values()) > plot.y.high:
        plot.limit(min(limits.values()), write)
    elif limits:
        last = limits[max(limits)]
        at = (plot.x.end - 4, plot.y(min(last, plot.y.high)) - 5)
        canvas.text(at, f"SLO {write(last)}", anchor="end")
