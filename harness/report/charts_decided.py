"""Charts of the decision: how often an alternative wins, and what turns its lead."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from harness.report.svg import BASELINE, CANDIDATE, ONCE, PARTS, SAID, WIDTH, Rows, drawing, row_axis, values

GREEN = PARTS[3]


@drawing
def acceptability(rows: Rows, order: Sequence[str]) -> alt.TopLevelMixin:
    """``rows``: alternative, share, weights; a panel a kind of weights."""
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="%", grid=False)
    base = alt.Chart().encode(
        x=alt.X("share:Q", title="share of draws that it wins", scale=scale, axis=axis),
        y=alt.Y("alternative:N", title=None, sort=list(order), axis=row_axis(order)),
    )
    colours = alt.Scale(domain=list(order), range=[BASELINE, CANDIDATE, GREEN])
    bars = base.mark_bar(height=14).encode(
        color=alt.Color("alternative:N", scale=colours, legend=None), description=SAID
    )
    words = base.mark_text(align="left", dx=4).encode(text=alt.Text("share:Q", format=".0%"))
    header = alt.Header(labelOrient="top", labelAnchor="start", labelAngle=0)
    panel = alt.layer(bars, words, width=WIDTH - 200, height=alt.Step(22))
    facet = alt.FacetMapping(row=alt.FacetFieldDef(field="weights", type="nominal", title=None, header=header))
    return alt.FacetChart(data=values(rows), spec=panel, facet=facet)


@drawing
def tornado(rows: Rows, lead: float) -> alt.TopLevelMixin:
    """``rows``: input, low, high; the widest first; a rule at nought, where the order turns, and one at the lead now."""
    order = [row["input"] for row in rows]
    bars = (
        alt.Chart()
        .mark_bar(height=12, color=BASELINE, opacity=0.7)
        .encode(
            x=alt.X("low:Q", title="lead, points of five", axis=alt.Axis(grid=False)),
            x2="high",
            y=alt.Y("input:N", sort=order, title=None, axis=row_axis(order)),
            description=SAID,
        )
    )
    nought = alt.Chart(ONCE).mark_rule().encode(x=alt.datum(0))
    now = alt.Chart(ONCE).mark_rule(strokeDash=[3, 3]).encode(x=alt.datum(lead))
    return alt.layer(bars, nought, now, data=values(rows), width=WIDTH - 330, height=alt.Step(24))
