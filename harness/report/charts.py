"""The charts of latency, bursts and cost, over plain rows."""

from __future__ import annotations

import math
from typing import Any

import altair as alt

from harness.report.svg import BASELINE, CANDIDATE, ONCE, SAID, WIDTH, Rows, coloured, drawing, values

PERCENTILES = (0.5, 0.75, 0.9, 0.95, 0.99)
_STROKES = alt.Legend(symbolType="stroke")


def stretched(p: float) -> float:
    """The percentile axis, stretched toward the tail: -log10(1 - p)."""
    return -math.log10(1 - p)


@drawing
def quantile_curves(rows: Rows, pair: tuple[str, str], unit_title: str, limit_s: float | None) -> alt.TopLevelMixin:
    """``rows``: target, p, value, low, high in seconds."""
    axis = alt.Axis(
        values=[stretched(p) for p in PERCENTILES],
        labelExpr="format(100 * (1 - pow(10, -datum.value)), '.3~g') + ' %'",
        grid=True,
    )
    most = max(*(row["high"] for row in rows), limit_s or 0) * 1.06  # room above the promise for its words
    base = alt.Chart().encode(
        x=alt.X("x:Q", title="share of requests that were at least this fast", axis=axis), color=coloured(pair)
    )
    band = base.mark_area(opacity=0.18).encode(y=alt.Y("low:Q", title=unit_title), y2="high")
    line = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=22)).encode(
        y=alt.Y("value:Q", title=unit_title, scale=alt.Scale(domainMax=most)), description=SAID
    )
    promise = [] if limit_s is None else limit_rule(limit_s)
    data = values([{**row, "x": stretched(row["p"])} for row in rows])
    return alt.layer(band, line, *promise, data=data, width=WIDTH, height=230)


def limit_rule(limit_s: float) -> list[alt.Chart]:
    """The promise as a dashed line with its words."""
    at = alt.Chart(ONCE).encode(y=alt.datum(limit_s))
    words = at.mark_text(align="left", dy=-7, x=4, text=f"SLO {limit_s:g} s")
    return [at.mark_rule(strokeDash=[5, 4]), words]


@drawing
def paired_blocks(rows: Rows, pair: tuple[str, str], unit_title: str) -> alt.TopLevelMixin:
    """``rows``: block, target, value; one line a block joins the two targets."""
    base = alt.Chart().encode(
        x=alt.X("block:O", title="block", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("value:Q", title=unit_title, scale=alt.Scale(zero=True)),
    )
    shape = alt.Shape("target:N", scale=alt.Scale(domain=list(pair), range=["circle", "diamond"]))
    joined = base.mark_line(strokeWidth=1, color="#888888").encode(detail="block:N")
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        color=coloured(pair), shape=shape, description=SAID
    )
    return alt.layer(joined, points, data=values(rows), width=WIDTH, height=170)


@drawing
def burst_timeline(rows: Rows, pair: tuple[str, str]) -> alt.TopLevelMixin:
    """``rows``: target, second, offered, answered, refused, in_flight, p95; panels share the time axis."""
    axis = alt.Axis(grid=False, tickMinStep=1)
    x, x_last = (alt.X("second:Q", title=t, axis=axis) for t in (None, "seconds since the start of the run"))
    most = max((row["offered"] for row in rows), default=1.0)
    what: list[Any] = ["offered", "answered", "refused"]
    panels = []
    for target, colour in zip(pair, (BASELINE, CANDIDATE), strict=True):
        colours = alt.Scale(domain=what, range=["#999999", colour, "#cc79a7"])
        dashes = alt.Scale(domain=what, range=[[4, 3], [1, 0], [2, 2]])
        base = (
            alt.Chart()
            .transform_filter(alt.FieldEqualPredicate(field="target", equal=target))
            .transform_fold(what, as_=["what", "rate"])
            .encode(
                x=x,
                y=alt.Y("rate:Q", title="requests/s", scale=alt.Scale(domain=[0, most])),
                color=alt.Color("what:N", scale=colours, legend=_STROKES),
                strokeDash=alt.StrokeDash("what:N", scale=dashes, legend=_STROKES),
            )
        )
        panels.append(alt.layer(*_steps(base), title=target, width=WIDTH, height=110))
    both = alt.Chart().encode(color=coloured(pair).legend(_STROKES))
    flying = both.encode(x=x, y=alt.Y("in_flight:Q", title="in flight"))
    # one dash a second: a second in which nothing was answered has no p95, and nothing is drawn across it
    late = both.transform_calculate(next="datum.second + 1").encode(
        x=x_last, y=alt.Y("p95:Q", title="p95 of answers (s)")
    )
    dashed = (late.mark_rule(strokeWidth=2).encode(x2="next"), pointed(late))
    panels += [alt.layer(*layers, width=WIDTH, height=90) for layers in (_steps(flying), dashed)]
    apart = alt.ScaleResolveMap(color="independent", strokeDash="independent")
    return alt.vconcat(*panels, data=values([*rows, *_ends(rows)]), spacing=14, resolve=alt.Resolve(scale=apart))


def _steps(base: alt.Chart) -> tuple[alt.Chart, alt.Chart]:
    return base.mark_line(interpolate="step-after", strokeWidth=2), pointed(base)


def pointed(base: alt.Chart) -> alt.Chart:
    """Over a line: there to be pointed at."""
    marks: alt.Chart = base.mark_point(size=60, opacity=0).encode(description=SAID)
    return marks


def _ends(rows: Rows) -> Rows:
    """The last second again, where it ends: a step is as long as the others."""
    last = {row["target"]: row for row in rows}
    return [{**row, "second": row["second"] + 1, "p95": None} for row in last.values()]


@drawing
def cost_against_latency(rows: Rows, pair: tuple[str, str], limit_s: float) -> alt.TopLevelMixin:
    """``rows``: target, cost (per 1,000), cost_low, cost_high, p95, p95_low, p95_high."""
    words = "runtime cost of 1,000 successful answers, USD"
    zero = alt.Scale(zero=True)
    cost, cost_low = (alt.X(f"{field}:Q", title=words, scale=zero) for field in ("cost", "cost_low"))
    p95, p95_low = (alt.Y(f"{field}:Q", title="p95 response time (s)", scale=zero) for field in ("p95", "p95_low"))
    base = alt.Chart().encode(color=coloured(pair))
    bar = base.mark_rule(strokeWidth=2)
    point = base.mark_point(filled=True, size=90, opacity=1).encode(x=cost, y=p95, description=SAID)
    bars = (bar.encode(x=cost_low, x2="cost_high", y=p95), bar.encode(x=cost, y=p95_low, y2="p95_high"))
    return alt.layer(*bars, point, *limit_rule(limit_s), data=values(rows), width=WIDTH, height=200)
