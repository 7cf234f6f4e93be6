"""Charts about cold starts, refusals and capacity, over plain rows."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.plot import Panel, Scale, by_target, clock, colours, finer, panel, plain, shares, up_to
from harness.report.svg import GRID, MUTED, PARTS, Canvas, Row, Rows, drawing
from harness.words.numbers import duration_text

COLD, WARM = "#56b4e9", "#999999"


@drawing
def cold_parts(canvas: Canvas, rows: Rows, parts: Sequence[str]) -> None:
    """``rows``: label, part, order, milliseconds; one stacked bar a label, its sum beside it."""
    canvas.key(("square", colour, part) for part, colour in zip(parts, PARTS, strict=False))
    bars: dict[str, list[Row]] = {}
    for row in rows:
        bars.setdefault(row["label"], []).append(row)
    sums = {label: sum(row["milliseconds"] for row in mine) for label, mine in bars.items()}
    x = Scale(0, max(sums.values()) or 1, 0, canvas.width - 70)
    for label, mine in bars.items():
        canvas.words(label)
        top, done = canvas.down(24), 0.0
        for row in sorted(mine, key=lambda row: row["order"]):
            colour = PARTS[row["order"] % len(PARTS)]
            canvas.bar(x(done), top + 2, x(done + row["milliseconds"]), top + 16, colour, row.get("said", ""))
            done += row["milliseconds"]
        canvas.text((x(done) + 5, top + 14), duration_text(done / 1000))


@drawing
def cold_strip(canvas: Canvas, rows: Rows) -> None:
    """``rows``: label, state, milliseconds: what the runtime added to each probe and control."""
    look = {"cold": ("triangle", COLD), "warm": ("circle", WARM)}
    canvas.key((*look[state], state) for state in look)
    x = Scale(
        min(0, *(row["milliseconds"] for row in rows)), up_to(row["milliseconds"] for row in rows), 8, canvas.width - 30
    )
    for label in dict.fromkeys(row["label"] for row in rows):
        canvas.words(label)
        y = canvas.down(20) + 8
        canvas.line([(0, y), (canvas.width, y)], GRID, width=1)
        for row in (row for row in rows if row["label"] == label):
            shape, colour = look[row["state"]]
            canvas.mark(shape, (x(row["milliseconds"]), y), colour, row.get("said", ""), 4.5, 0.8)
    top = canvas.down(36)
    flat = Panel(canvas, x, Scale(0, 1, top, top))
    flat.x_axis("beyond the model's own time", {v: clock(v / 1000) for v in x.ticks(6)})


@drawing
def keep_alive(canvas: Canvas, curve: Rows, probes: Rows, medians: Rows, pair: tuple[str, str]) -> None:
    """``curve``: target, gap, share; ``probes``: target, gap, cold (0 or 1); ``medians``: target, value, low, high."""
    every = [row["gap"] for row in (*curve, *probes)] + [row[end] for row in medians for end in ("low", "high")]
    plot = panel(canvas, 160, (min(every), max(every) * 1.001), (0, 1), x_log=True, write=shares)
    plot.y_axis("share of answers that were cold", shares)
    ticks = {v: clock(v) for v in plot.x.ticks(8)}
    plot.x_axis("idle time before the request", ticks, fine=finer(plot.x, clock))
    with plot.inside():
        _bracketed(plot, medians, pair)
        ends = []
        for target, mine in by_target(curve, pair).items():
            points = [plot.at(mine[0]["gap"], mine[0]["share"])]
            for row in mine[1:]:
                points += [(plot.x(row["gap"]), points[-1][1]), plot.at(row["gap"], row["share"])]
            canvas.line(points, colours(pair)[target])
            ends.append((points[-1:], target, colours(pair)[target]))  # a step is as high as the plot
        for row in probes:
            at, colour = plot.at(row["gap"], row["cold"]), colours(pair)[row["target"]]
            canvas.mark("tick", at, colour, row.get("said", ""), 4.5, 0.7)
    plot.name(ends)


def _bracketed(plot: Panel, rows: Rows, pair: Sequence[str]) -> None:
    """An estimate on the horizontal axis: dashed, its interval behind it."""
    for row in rows:
        colour, (low, high) = colours(pair)[row["target"]], (plot.x(row["low"]), plot.x(row["high"]))
        plot.canvas.bar(low, plot.y.end, high, plot.y.start, colour, opacity=0.15)
        at = plot.x(row["value"])
        plot.canvas.line([(at, plot.y.start), (at, plot.y.end)], colour, width=1.5, dash="4,3")


@drawing
def funnel(canvas: Canvas, rows: Rows, stages: Sequence[str], pair: tuple[str, str]) -> None:
    """``rows``: target, stage, share (of what was offered), label; every bar on one scale from nought to all."""
    canvas.key(("square", colours(pair)[t], t) for t in pair)
    x = Scale(0, 1, 0, canvas.width - 62)
    for stage in stages:
        canvas.words(stage)
        for row in (row for row in rows if row["stage"] == stage):
            top = canvas.down(16)
            canvas.bar(0, top + 1, x(1), top + 14, GRID, opacity=0.45)
            canvas.bar(0, top + 1, x(row["share"]), top + 14, colours(pair)[row["target"]], row.get("said", ""))
            canvas.text((x(1) + 6, top + 12), row["label"])
        canvas.down(5)


@drawing
def knee(canvas: Canvas, steps: Rows, brackets: Rows, pair: tuple[str, str], limit_s: float) -> None:
    """``steps``: target, rate, p95, kept (words); ``brackets``: target, value, low, high."""
    shapes = {"kept": "circle", "unclear": "diamond", "broken": "cross"}
    canvas.key((shapes[kept], MUTED, f"step {kept}") for kept in shapes)
    rates = [row["rate"] for row in steps] + [row[end] for row in brackets for end in ("low", "high") if row[end]]
    most = up_to((row["p95"] for row in steps), limit_s)
    plot = panel(canvas, 190, (min(rates) / 1.1, max(rates) * 1.1), (0, most), x_log=True, write=clock)
    plot.y_axis("p95 response time", clock)
    plot.x_axis("offered requests/s", {v: plain(v) for v in plot.x.ticks(8)}, fine=finer(plot.x, plain))
    spans = [{**row, "low": row["low"] or min(rates), "high": row["high"] or max(rates)} for row in brackets]
    with plot.inside():
        _bracketed(plot, spans, pair)
    plot.limit(limit_s, clock)
    ends = []
    with plot.inside():
        for target, mine in by_target(steps, pair).items():
            means: dict[float, list[float]] = {}
            for row in mine:
                means.setdefault(row["rate"], []).append(row["p95"])
                at, colour = plot.at(row["rate"], row["p95"]), colours(pair)[target]
                canvas.mark(shapes[row["kept"]], at, colour, row.get("said", ""), 4, 0.85)
            line = [plot.at(rate, sum(p95) / len(p95)) for rate, p95 in sorted(means.items())]
            canvas.line(line, colours(pair)[target], width=1.5, opacity=0.6)
            ends.append((line, target, colours(pair)[target]))
    plot.name(ends)
