"""The chart of jobs that waited or were worked on, over plain rows."""

from __future__ import annotations

from harness.report.plot import by_target, colours, finer, panel, plain, up_to
from harness.report.svg import Canvas, Rows, drawing


@drawing
def backlog(canvas: Canvas, rows: Rows, pair: tuple[str, str]) -> None:
    """``rows``: target, second, jobs."""
    end = max(row["second"] for row in rows)
    plot = panel(canvas, 160, (0, end or 1), (0, up_to(row["jobs"] for row in rows)))
    plot.y_axis("jobs accepted and not ended")
    ticks = {v: plain(v) for v in plot.x.ticks(8)}
    plot.x_axis("seconds since the start of the run", ticks, fine=finer(plot.x, plain))
    ends = []
    for target, mine in by_target(rows, pair).items():
        points = [plot.at(mine[0]["second"], mine[0]["jobs"])]
        for row in mine[1:]:
            points += [(plot.x(row["second"]), points[-1][1]), plot.at(row["second"], row["jobs"])]
        with plot.inside():
            canvas.line(points, colours(pair)[target])
            for row in mine:
                at = plot.at(row["second"], row["jobs"])
                canvas.mark("circle", at, colours(pair)[target], row.get("said", ""), 4, 0)
        ends.append(([max(points, key=lambda at: -at[1])], target, colours(pair)[target]))
    plot.name(ends)
