"""The chart of predictions over factors of the traffic."""

from __future__ import annotations

import altair as alt

from harness.predict.prediction import Quantity
from harness.report.charts import limit_rule, pointed
from harness.report.svg import WIDTH, Rows, coloured, drawing, values

TITLES = {Quantity.P95: "p95 (s)", Quantity.COLD_SHARE: "cold share", Quantity.COST: "USD a month"}
LOGARITHMIC = frozenset({Quantity.COST})


@drawing
def over_factors(rows: Rows, untold: Rows, pair: tuple[str, str], limit_s: float) -> alt.TopLevelMixin:
    """``rows``: target, quantity, factor, value, low, high; ``untold``: quantity, low, high on the same axis."""
    shown = [q for q in TITLES if any(row["quantity"] == q.value for row in rows)]
    panels = [_panel(q, rows, untold, pair, limit_s, last=q is shown[-1]) for q in shown]
    return alt.vconcat(*panels, spacing=14)


def _panel(
    quantity: Quantity, rows: Rows, untold: Rows, pair: tuple[str, str], limit_s: float, *, last: bool
) -> alt.LayerChart | alt.FacetChart:
    own = [row for row in rows if row["quantity"] == quantity.value]
    dark = [row for row in untold if row["quantity"] == quantity.value]
    title = "times your traffic" if last else None
    scale = alt.Scale(type="log", domain=_ends(rows, untold))
    axis = alt.Axis(format="~g", values=_ticks(rows), grid=False)
    y_scale = alt.Scale(type="log") if quantity in LOGARITHMIC else alt.Scale(zero=True)
    y_axis = alt.Axis(format="~%" if quantity is Quantity.COLD_SHARE else ",~r", tickCount=4, grid=False)
    base = alt.Chart().encode(x=alt.X("factor:Q", scale=scale, title=title, axis=axis), color=coloured(pair))

    def y(field: str) -> alt.Y:
        return alt.Y(field, title=TITLES[quantity], scale=y_scale, axis=y_axis)

    shade = alt.Chart(values(dark)).mark_rect(opacity=0.18, color="#888888")
    shade = shade.encode(x=alt.X("low:Q", scale=scale, title=title, axis=axis), x2="high")
    band = base.mark_area(opacity=0.18).encode(y=y("low:Q"), y2="high")
    at = base.encode(y=y("value:Q"))
    line = at.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=26))
    promise = limit_rule(limit_s) if quantity is Quantity.P95 else []
    return alt.layer(shade, band, line, pointed(at), *promise, data=values(own), width=WIDTH, height=130)


def _ticks(rows: Rows) -> list[float]:
    """Round factors; those that were played to find a crossing are none."""
    return sorted(f for f in {row["factor"] for row in rows} if float(f"{f:.2g}") == f)


def _ends(rows: Rows, untold: Rows) -> list[float]:
    every = [row["factor"] for row in rows] + [row[end] for row in untold for end in ("low", "high")]
    return [min(every), max(every)]
