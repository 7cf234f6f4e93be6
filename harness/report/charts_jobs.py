"""Charts about jobs, over plain rows."""

from __future__ import annotations

import altair as alt

from harness.report.charts import limit_rule, pointed, stretched
from harness.report.svg import SAID, WIDTH, Rows, coloured, drawing, values

PERCENTILES = (0.5, 0.75, 0.9, 0.95, 0.99)


@drawing
def backlog(rows: Rows, pair: tuple[str, str]) -> alt.TopLevelMixin:
    """``rows``: target, second, jobs."""
    base = alt.Chart().encode(
        x=alt.X("second:Q", title="seconds since the start of the run", axis=alt.Axis(grid=False)),
        y=alt.Y("jobs:Q", title="jobs accepted and not ended"),
        color=coloured(pair),
    )
    line = base.mark_line(interpolate="step-after", strokeWidth=2)
    return alt.layer(line, pointed(base), data=values(rows), width=WIDTH, height=200)


@drawing
def done_curves(rows: Rows, pair: tuple[str, str], limit_s: float | None) -> alt.TopLevelMixin:
    """``rows``: target, p, value, low, high in seconds."""
    axis = alt.Axis(
        values=[stretched(p) for p in PERCENTILES],
        labelExpr="format(100 * (1 - pow(10, -datum.value)), '.3~g') + ' %'",
    )
    most = max(*(row["high"] for row in rows), limit_s or 0) * 1.06  # room above the promise for its words
    base = alt.Chart().encode(
        x=alt.X("x:Q", title="share of jobs that were done at least this soon", axis=axis), color=coloured(pair)
    )
    band = base.mark_area(opacity=0.18).encode(y=alt.Y("low:Q", title="time to done (s)"), y2="high")
    line = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=22)).encode(
        y=alt.Y("value:Q", title="time to done (s)", scale=alt.Scale(domainMax=most)), description=SAID
    )
    promise = [] if limit_s is None else limit_rule(limit_s)
    data = values([{**row, "x": stretched(row["p"])} for row in rows])
    return alt.layer(band, line, *promise, data=data, width=WIDTH, height=230)
