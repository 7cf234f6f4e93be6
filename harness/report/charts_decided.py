"""Charts of the decision: how often an alternative wins, and what turns its lead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.report.svg import BASELINE, CANDIDATE, DESCRIBED, PARTS, WIDTH, row_labels

GREEN = PARTS[3]
Rows = Sequence[dict[str, Any]]


def acceptability(rows: Rows, order: Sequence[str]) -> dict[str, Any]:
    """``rows``: alternative, share, weights; a panel a kind of weights."""
    colour = {"domain": list(order), "range": [BASELINE, CANDIDATE, GREEN]}
    return {
        "data": {"values": list(rows)},
        "facet": {
            "row": {
                "field": "weights",
                "type": "nominal",
                "title": None,
                "header": {"labelOrient": "top", "labelAnchor": "start", "labelAngle": 0},
            }
        },
        "spec": {
            "width": WIDTH - 200,
            "height": {"step": 22},
            "layer": [
                {
                    "mark": {"type": "bar", "height": 14},
                    "encoding": {
                        "y": {
                            "field": "alternative",
                            "type": "nominal",
                            "title": None,
                            "sort": list(order),
                            "axis": row_labels(order),
                        },
                        "x": {
                            "field": "share",
                            "type": "quantitative",
                            "title": "share of draws that it wins",
                            "scale": {"domain": [0, 1]},
                            "axis": {"format": "%", "grid": False},
                        },
                        "color": {"field": "alternative", "type": "nominal", "scale": colour, "legend": None},
                        **DESCRIBED,
                    },
                },
                {
                    "mark": {"type": "text", "align": "left", "dx": 4},
                    "encoding": {
                        "y": {"field": "alternative", "type": "nominal", "sort": list(order)},
                        "x": {"field": "share", "type": "quantitative"},
                        "text": {"field": "share", "type": "quantitative", "format": ".0%"},
                    },
                },
            ],
        },
    }


def tornado(rows: Rows, lead: float) -> dict[str, Any]:
    """``rows``: input, low, high; the widest first; a rule at nought, where the order turns, and one at the lead now."""
    order = [row["input"] for row in rows]
    y = {"field": "input", "type": "nominal", "sort": order, "title": None, "axis": row_labels(order)}
    return {
        "width": WIDTH - 330,
        "height": {"step": 24},
        "data": {"values": list(rows)},
        "layer": [
            {
                "mark": {"type": "bar", "height": 12, "color": BASELINE, "opacity": 0.7},
                "encoding": {
                    "y": y,
                    "x": {
                        "field": "low",
                        "type": "quantitative",
                        "title": "lead, points of five",
                        "axis": {"grid": False},
                    },
                    "x2": {"field": "high"},
                    **DESCRIBED,
                },
            },
            {"data": {"values": [{}]}, "mark": {"type": "rule"}, "encoding": {"x": {"datum": 0}}},
            {
                "data": {"values": [{}]},
                "mark": {"type": "rule", "strokeDash": [3, 3]},
                "encoding": {"x": {"datum": lead}},
            },
        ],
    }
