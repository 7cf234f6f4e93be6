"""Charts about cold starts, refusals and capacity, over plain rows."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from harness.report.charts import limit_rule
from harness.report.svg import PARTS, SAID, WIDTH, Rows, coloured, drawing, values

_LABEL = alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=280, minExtent=245))


@drawing
def cold_parts(rows: Rows, parts: Sequence[str]) -> alt.Chart:
    """``rows``: label, part, order, milliseconds; one stacked bar a label."""
    words = "mean milliseconds of one answer"
    chart = alt.Chart(values(rows), width=WIDTH - 200, height=alt.Step(30)).mark_bar(height=18)
    bars: alt.Chart = chart.encode(
        x=alt.X("milliseconds:Q", title=words, stack="zero", axis=alt.Axis(tickCount=6)),
        y=_LABEL,
        color=alt.Color(
            "part:N",
            scale=alt.Scale(domain=list(parts), range=list(PARTS)),
            legend=alt.Legend(columns=2, labelLimit=300, columnPadding=90),
        ),
        order="order:Q",
        description=SAID,
    )
    return bars


@drawing
def cold_strip(rows: Rows) -> alt.Chart:
    """``rows``: label, state, milliseconds: what the runtime added to each probe and control."""
    state = ["cold", "warm"]
    words = "milliseconds beyond the model's own time"
    chart = alt.Chart(values(rows), width=WIDTH - 200, height=alt.Step(34))
    marks: alt.Chart = chart.mark_point(filled=True, size=55, opacity=0.75).encode(
        x=alt.X("milliseconds:Q", title=words, axis=alt.Axis(tickCount=8)),
        y=_LABEL,
        color=alt.Color("state:N", scale=alt.Scale(domain=state, range=["#56b4e9", "#999999"])),
        shape=alt.Shape("state:N", scale=alt.Scale(domain=state, range=["triangle-up", "circle"])),
        description=SAID,
    )
    return marks


@drawing
def keep_alive(curve: Rows, probes: Rows, medians: Rows, pair: tuple[str, str]) -> alt.TopLevelMixin:
    """``curve``: target, gap, share; ``probes``: target, gap, cold (0 or 1); ``medians``: target, value, low, high."""
    axis = alt.Axis(grid=False, tickCount=6)
    gap, low, value = (
        alt.X(f"{f}:Q", scale=alt.Scale(type="log"), title="idle time before the request (s)", axis=axis)
        for f in ("gap", "low", "value")
    )
    share, cold = (alt.Y(f"{f}:Q", title="share cold", scale=alt.Scale(domain=[0, 1])) for f in ("share", "cold"))
    steps = alt.Chart(values(curve)).mark_line(interpolate="step-after", strokeWidth=2)
    ticks = alt.Chart(values(probes)).mark_tick(orient="vertical", height=9, thickness=1.5, opacity=0.7)
    return alt.layer(
        *_bracketed(medians, low, value, pair),
        steps.encode(x=gap, y=share, color=coloured(pair)),
        ticks.encode(x=gap, y=cold, color=coloured(pair), description=SAID),
        width=WIDTH,
        height=200,
    )


def _bracketed(rows: Rows, low: alt.X, value: alt.X, pair: tuple[str, str]) -> tuple[alt.Chart, alt.Chart]:
    """An estimate on the horizontal axis: dashed, its interval behind it."""
    base = alt.Chart(values(rows)).encode(color=coloured(pair))
    return base.mark_rect(opacity=0.15).encode(x=low, x2="high"), base.mark_rule(strokeDash=[4, 3]).encode(x=value)


@drawing
def funnel(rows: Rows, stages: Sequence[str], pair: tuple[str, str]) -> alt.TopLevelMixin:
    """``rows``: target, stage, share (of what was offered), label."""
    axis = alt.Axis(format="%", tickCount=5)
    base = alt.Chart().encode(
        x=alt.X("share:Q", title="share of the offered requests", axis=axis, scale=alt.Scale(domain=[0, 1])),
        y=alt.Y("stage:N", title=None, sort=list(stages)),
        yOffset=alt.YOffset("target:N", sort=list(pair)),
    )
    bars = base.mark_bar().encode(color=coloured(pair), description=SAID)
    words = base.mark_text(align="left", dx=4).encode(text="label:N")
    return alt.layer(bars, words, data=values(rows), width=WIDTH - 140, height=alt.Step(18))


@drawing
def knee(steps: Rows, brackets: Rows, pair: tuple[str, str], limit_s: float) -> alt.TopLevelMixin:
    """``steps``: target, rate, p95, kept (words); ``brackets``: target, value, low, high."""
    rate, low, value = (
        alt.X(
            f"{field}:Q",
            title="offered rate (requests a second)",
            scale=alt.Scale(type="log", nice=False, padding=12),
            axis=alt.Axis(grid=False, tickCount=8),
        )
        for field in ("rate", "low", "value")
    )
    p95, mean = (alt.Y(field, title="p95 response time (s)") for field in ("p95:Q", "mean(p95):Q"))
    kept = alt.Shape(
        "kept:N",
        scale=alt.Scale(domain=["kept", "unclear", "broken"], range=["circle", "diamond", "cross"]),
        legend=alt.Legend(orient="bottom", title="step"),
    )
    base = alt.Chart(values(steps)).encode(x=rate, color=coloured(pair))
    return alt.layer(
        *_bracketed(brackets, low, value, pair),
        base.mark_line(strokeWidth=1.5, opacity=0.6).encode(y=mean),
        base.mark_point(filled=True, size=60, opacity=0.85).encode(y=p95, shape=kept, description=SAID),
        *limit_rule(limit_s),
        width=WIDTH,
        height=230,
    )
