"""The chart of predictions over factors of the traffic."""

from __future__ import annotations

from harness.predict.prediction import Quantity
from harness.report.plot import (
    SHARED,
    Write,
    above_cut,
    by_target,
    clock,
    colours,
    dollars,
    finer,
    log_ticks,
    panel,
    plain,
    shares,
    up_to,
)
from harness.report.svg import MUTED, Canvas, Rows, drawing

TITLES = {
    Quantity.P95: "p95 response time",
    Quantity.COLD_SHARE: "share of cold answers",
    Quantity.COST: "runtime a month",
}
WRITE: dict[Quantity, Write] = {Quantity.P95: clock, Quantity.COLD_SHARE: shares, Quantity.COST: dollars}
LOGARITHMIC = frozenset({Quantity.COST})


@drawing
def over_factors(canvas: Canvas, rows: Rows, untold: Rows, pair: tuple[str, str], limit_s: float) -> None:
    """``rows``: target, quantity, factor, value, low, high; ``untold``: quantity, low, high on the same axis."""
    every = [row["factor"] for row in rows] + [row[end] for row in untold for end in ("low", "high")]
    told = [q for q in TITLES if any(row["quantity"] == q.value for row in rows)]
    shown = [
        q for q in told if any(row["quantity"] == q.value and (row["value"] or row["high"]) for row in rows)
    ] or told
    for quantity in shown:
        mine = [row for row in rows if row["quantity"] == quantity.value]
        dark = [row for row in untold if row["quantity"] == quantity.value]
        _panel(canvas, quantity, mine, dark, pair, (min(every), max(every)), limit_s, last=quantity is shown[-1])


def _panel(
    canvas: Canvas,
    quantity: Quantity,
    rows: Rows,
    untold: Rows,
    pair: tuple[str, str],
    ends: tuple[float, float],
    limit_s: float,
    *,
    last: bool,
) -> None:
    logarithmic, write = quantity in LOGARITHMIC, WRITE[quantity]
    promise = limit_s if quantity is Quantity.P95 else None
    highs = [row["value"] if row["high"] is None else row["high"] for row in rows]
    lows = [row["low"] for row in rows if row["low"]]
    y = (
        (min(lows) / 1.3, max(highs) * 1.3)
        if logarithmic and lows
        else (0, up_to((row["value"] for row in rows), promise, highs))
    )
    plot = panel(
        canvas,
        110,
        ends,
        y,
        x_log=True,
        y_log=logarithmic and bool(lows),
        write=write,
        below=40 if last else 14,
        left=SHARED,
    )
    with plot.inside():
        for row in untold:
            canvas.bar(plot.x(row["low"]), plot.y.end, plot.x(row["high"]), plot.y.start, MUTED, opacity=0.18)
    plot.y_axis(TITLES[quantity], write, 4)
    if last:
        ticks = {v: plain(v) for v in log_ticks(*ends, 9)}
        plot.x_axis("times your traffic", ticks, fine=finer(plot.x, plain))
    plot.limit(promise, write)
    names = []
    for target, mine in by_target(rows, pair).items():
        colour = colours(pair)[target]
        low = [plot.at(r["factor"], max(r["low"] or 0.0, y[0])) for r in mine]
        high = [
            plot.at(r["factor"], y[1] if r["high"] is None else r["high"]) for r in mine
        ]  # an open end is drawn open
        line = [plot.at(r["factor"], max(r["value"], y[0])) for r in mine]
        with plot.inside():
            canvas.area(above_cut([*high, *reversed(low)], plot.y.end), colour)
            canvas.line(line, colour)
            for row, point in zip(mine, line, strict=True):
                canvas.mark("circle", point, colour, row.get("said", ""), 3)
        names.append((line, target, colour))
    plot.name(names)
