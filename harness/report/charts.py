"""The charts of latency, bursts and cost, over plain rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from harness.report.plot import SHARED, Panel, above_cut, by_target, clock, colours, dollars, finer, panel, plain, up_to
from harness.report.svg import INK, LINE, MUTED, REFUSED, Canvas, Point, Row, Rows, cut, drawing, width_of
from harness.words.numbers import percent

PERCENTILES = (0.5, 0.75, 0.9, 0.95, 0.99)
FINE = (
    0.1,
    0.25,
    0.6,
    0.7,
    0.8,
    0.97,
    0.98,
    0.85,
    0.92,
    0.94,
    0.96,
    0.93,
    0.91,
    0.2,
    0.3,
    0.4,
    0.05,
)  # of a part of the axis
HEIGHT = 190


def stretched(p: float) -> float:
    """The percentile axis, stretched toward the tail: -log10(1 - p)."""
    return -math.log10(1 - p)


@drawing
def quantile_curves(
    canvas: Canvas, rows: Rows, pair: tuple[str, str], titles: tuple[str, str], limit_s: float | None
) -> None:
    """``rows``: target, p, value, low, high in seconds; ``titles`` of what is waited for and of the shares."""
    at = [stretched(row["p"]) for row in rows]
    most = up_to((row["value"] for row in rows), limit_s, (row["high"] for row in rows))
    plot = panel(canvas, HEIGHT, (min(at), max(at) * 1.03), (0, most), write=clock)
    plot.y_axis(titles[0], clock)
    usual, fine = (_shares(these, min(at), max(at)) for these in (PERCENTILES, FINE))
    plot.x_axis(titles[1], usual, lines=True, fine=fine)
    lines = by_target(rows, pair)
    with plot.inside():
        for target, mine in lines.items():
            low = [plot.at(stretched(row["p"]), row["low"]) for row in mine]
            high = [plot.at(stretched(row["p"]), row["high"]) for row in mine]
            canvas.area(above_cut([*high, *reversed(low)], plot.y.end), colours(pair)[target])
    plot.limit(limit_s, clock)
    _lines(plot, lines, pair, lambda row: (stretched(row["p"]), row["value"]))


def _shares(some: Sequence[float], low: float, high: float) -> dict[float, str]:
    """Of a stretched axis from ``low`` to ``high``, each with its words."""
    return {stretched(p): percent(p) for p in some if low <= stretched(p) <= high}


def _lines(plot: Panel, lines: Mapping[str, Rows], pair: Sequence[str], at: Callable[[Row], Point]) -> None:
    """A line a target with a mark at each row, named at its end."""
    ends = []
    with plot.inside():
        for target, mine in lines.items():
            points = [plot.at(*at(row)) for row in mine]
            plot.canvas.line(points, colours(pair)[target])
            for row, point in zip(mine, points, strict=True):
                plot.canvas.mark("circle", point, colours(pair)[target], row.get("said", ""), 3)
            ends.append((points, target, colours(pair)[target]))
    plot.name(ends)


@drawing
def paired_blocks(canvas: Canvas, rows: Rows, pair: tuple[str, str], title: str) -> None:
    """``rows``: block, target, value; one line a block joins the two targets."""
    shapes = dict(zip(pair, ("circle", "diamond"), strict=False))
    canvas.key((shapes[t], colours(pair)[t], t) for t in pair)
    blocks = sorted({row["block"] for row in rows})
    place = {block: k for k, block in enumerate(blocks)}
    plot = panel(canvas, 150, (-0.5, len(blocks) - 0.5), (0, up_to(row["value"] for row in rows)), write=clock)
    plot.y_axis(title, clock)
    plot.x_axis("block", {k: str(block) for block, k in place.items()})
    with plot.inside():
        for block in blocks:
            mine = [plot.at(place[block], row["value"]) for row in rows if row["block"] == block]
            canvas.line(mine, MUTED, width=1)
        for row in rows:
            at = plot.at(place[row["block"]], row["value"])
            canvas.mark(shapes[row["target"]], at, colours(pair)[row["target"]], row.get("said", ""), 4.5)


@drawing
def burst_timeline(canvas: Canvas, rows: Rows, pair: tuple[str, str]) -> None:
    """``rows``: target, second, offered, answered, refused, in_flight, p95; panels share the time axis."""
    end = max(row["second"] for row in rows) + 1
    lines = by_target(rows, pair)
    most = up_to(row["offered"] for row in rows)
    canvas.key((("4,3", MUTED, "offered"), ("", INK, "answered"), ("2,2", REFUSED, "refused")))
    for target, mine in lines.items():
        canvas.words(target, bold=True, dot=colours(pair)[target])
        plot = panel(canvas, 90, (0, end), (0, most), below=10, left=SHARED)
        plot.y_axis("requests/s", most=3)
        for what, colour, dash in (
            ("offered", MUTED, "4,3"),
            ("answered", colours(pair)[target], ""),
            ("refused", REFUSED, "2,2"),
        ):
            _steps(plot, mine, what, colour, dash)
    flying = panel(canvas, 80, (0, end), (0, up_to(row["in_flight"] for row in rows)), below=10, left=SHARED)
    flying.y_axis("requests in flight", most=3)
    for target, mine in lines.items():
        _steps(flying, mine, "in_flight", colours(pair)[target])
    late = panel(
        canvas, 80, (0, end), (0, up_to(r["p95"] for r in rows if r["p95"] is not None)), write=clock, left=SHARED
    )
    late.y_axis("p95 of each second's answers", clock, 3)
    ticks = {v: plain(v) for v in late.x.ticks(8)}
    late.x_axis("seconds since the start of the run", ticks, fine=finer(late.x, plain))
    with late.inside():
        for target, mine in lines.items():
            for row in mine:
                if row["p95"] is not None:  # a second without an answer has no p95, and nothing is drawn across it
                    left, right = late.at(row["second"], row["p95"]), late.at(row["second"] + 1, row["p95"])
                    canvas.line([left, right], colours(pair)[target])
                    middle = ((left[0] + right[0]) / 2, left[1])
                    canvas.mark("tick", middle, colours(pair)[target], row.get("said", ""), 1)


def _steps(plot: Panel, rows: Rows, what: str, colour: str, dash: str = "") -> None:
    """Each second as long as the others; there to be pointed at in its middle."""
    points = [plot.at(x, row[what]) for row in rows for x in (row["second"], row["second"] + 1)]
    with plot.inside():
        plot.canvas.line(points, colour, dash=dash)
        for row in rows:
            plot.canvas.mark("circle", plot.at(row["second"] + 0.5, row[what]), colour, row.get("said", ""), 4, 0)


@drawing
def cost_against_latency(canvas: Canvas, rows: Rows, pair: tuple[str, str], limit_s: float) -> None:
    """``rows``: target, cost (per 1,000), cost_low, cost_high, p95, p95_low, p95_high."""
    high = [row["p95_high"] if row["p95_high"] is not None else row["p95"] for row in rows]
    right = up_to(row["cost_high"] for row in rows)
    plot = panel(canvas, HEIGHT, (0, right), (0, up_to(high, limit_s)), write=clock)
    plot.y_axis("p95 response time", clock)
    ticks = {v: dollars(v) for v in plot.x.ticks(5)}
    plot.x_axis("runtime cost of 1,000 successful answers", ticks, lines=True)
    plot.limit(limit_s, clock)
    for row in rows:
        colour = colours(pair)[row["target"]]
        canvas.line([plot.at(row["cost_low"], row["p95"]), plot.at(row["cost_high"], row["p95"])], colour)
        low = row["p95_low"] if row["p95_low"] is not None else row["p95"]
        top = row["p95_high"] if row["p95_high"] is not None else plot.y.high  # an open end is drawn open
        canvas.line([plot.at(row["cost"], low), plot.at(row["cost"], top)], colour)
        x, y = plot.at(row["cost"], row["p95"])
        canvas.mark("circle", (x, y), colour, row.get("said", ""), 5)
        name = cut(row["target"], plot.x.end - plot.x.start - 20)
        wide = width_of(name) + 16
        middle = min(max(x - wide / 2, plot.x.start), canvas.width - wide - 4)
        beside = [(left, at) for at in (y - 7, y + 16) for left in (x + 9, x - 9 - wide)]
        bars = plot.y(low) > y + 10  # its own bar would run through a name below it
        far = [(middle, y + turn * (22 + step * LINE)) for step in range(9) for turn in (1, -1)]
        near = beside if bars else [(middle, y + 22), *beside]
        places = [(left, at) for left, at in (*near, *far) if plot.x.start <= left <= canvas.width - wide - 4]
        free = [at for at in places if canvas.free(at, wide) and plot.y.end < at[1] < plot.y.start - 4]
        left, at = next(iter(free or places or far))
        canvas.taken.append((left, at, left + wide))
        canvas.text((left, min(at, plot.y.start - 5)), name, dot=colour)
