"""The chart of predictions over factors of the traffic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.report.charts import limit_rule
from harness.report.svg import DESCRIBED, POINTED, WIDTH, colours

Rows = Sequence[dict[str, Any]]
TITLES = {"p95": "p95 (s)", "cold share": "cold share", "cost a month": "USD a month"}


def over_factors(rows: Rows, untold: Rows, pair: tuple[str, str], limit_s: float) -> dict[str, Any]:
    """``rows``: target, quantity, factor, value, low, high; ``untold``: quantity, low, high on the same axis."""
    drawn = [q for q in TITLES if any(row["quantity"] == q for row in rows)]
    panels = []
    for quantity in drawn:
        x = {
            "field": "factor",
            "type": "quantitative",
            "scale": {"type": "log", "domain": _ends(rows, untold)},
            "title": "times your traffic" if quantity == drawn[-1] else None,
            "axis": {"format": "~g", "values": sorted({row["factor"] for row in rows}), "grid": False},
        }
        share = quantity == "cold share"
        y = {
            "type": "quantitative",
            "title": TITLES[quantity],
            "scale": {"zero": True} if share or quantity == "p95" else {"type": "log"},
            "axis": {"format": "~%" if share else ",~r", "tickCount": 4, "grid": False},
        }
        colour = {"field": "target", "type": "nominal", "scale": colours(*pair)}
        own = [row for row in rows if row["quantity"] == quantity]
        layers: list[dict[str, Any]] = [
            {
                "data": {"values": [row for row in untold if row["quantity"] == quantity]},
                "mark": {"type": "rect", "opacity": 0.18, "color": "#888888"},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "area", "opacity": 0.18},
                "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}, "color": colour},
            },
            {
                "mark": {"type": "line", "strokeWidth": 2, "point": {"size": 26}},
                "encoding": {"x": x, "y": {"field": "value", **y}, "color": colour},
            },
            {"mark": POINTED, "encoding": {"x": x, "y": {"field": "value", **y}, "color": colour, **DESCRIBED}},
        ]
        if quantity == "p95":
            layers += limit_rule(limit_s)
        panels.append({"width": WIDTH, "height": 130, "data": {"values": own}, "layer": layers})
    return {"vconcat": panels, "spacing": 14}


def _ends(rows: Rows, untold: Rows) -> list[float]:
    every = [row["factor"] for row in rows] + [row[end] for row in untold for end in ("low", "high")]
    return [min(every), max(every)]
