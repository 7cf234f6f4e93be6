"""The charts, as Vega-Lite specifications over plain rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from harness.report.svg import DESCRIBED, POINTED, WIDTH, colours

Rows = Sequence[dict[str, Any]]
_ONCE: dict[str, Any] = {"values": [{}]}  # a mark that is no row's: drawn once
_STEPS: list[dict[str, Any]] = [
    {"mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2}},
    {"mark": POINTED, "encoding": DESCRIBED},
]
_STROKES = {"symbolType": "stroke"}
PERCENTILES = (0.5, 0.75, 0.9, 0.95, 0.99)


def stretched(p: float) -> float:
    """The percentile axis, stretched toward the tail: -log10(1 - p)."""
    return -math.log10(1 - p)


def quantile_curves(rows: Rows, pair: tuple[str, str], unit_title: str, limit_s: float | None) -> dict[str, Any]:
    """``rows``: target, p, value, low, high in seconds."""
    data = [{**row, "x": stretched(row["p"])} for row in rows]
    x = {
        "field": "x",
        "type": "quantitative",
        "title": "share of requests that were at least this fast",
        "axis": {
            "values": [stretched(p) for p in PERCENTILES],
            "labelExpr": "format(100 * (1 - pow(10, -datum.value)), '.3~g') + ' %'",
            "grid": True,
        },
    }
    colour = {"field": "target", "type": "nominal", "scale": colours(*pair)}
    y_title = {"title": unit_title}
    most = (
        max(max((row["high"] for row in rows), default=0), limit_s or 0) * 1.06
    )  # room above the promise for its words
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "area", "opacity": 0.18},
            "encoding": {
                "x": x,
                "y": {"field": "low", "type": "quantitative", **y_title},
                "y2": {"field": "high"},
                "color": colour,
            },
        },
        {
            "mark": {"type": "line", "strokeWidth": 2, "point": {"size": 22}},
            "encoding": {
                "x": x,
                "y": {"field": "value", "type": "quantitative", **y_title, "scale": {"domainMax": most}},
                "color": colour,
                **DESCRIBED,
            },
        },
    ]
    if limit_s is not None:
        layers += limit_rule(limit_s)
    return {"width": WIDTH, "height": 230, "data": {"values": data}, "layer": layers}


def limit_rule(limit_s: float) -> list[dict[str, Any]]:
    """The promise as a dashed line with its words."""
    at = {"datum": limit_s}
    return [
        {"data": _ONCE, "mark": {"type": "rule", "strokeDash": [5, 4]}, "encoding": {"y": at}},
        {
            "data": _ONCE,
            "mark": {"type": "text", "align": "left", "dy": -7, "x": 4, "text": f"SLO {limit_s:g} s"},
            "encoding": {"y": at},
        },
    ]


def paired_blocks(rows: Rows, pair: tuple[str, str], unit_title: str) -> dict[str, Any]:
    """``rows``: block, target, value; one line a block joins the two targets."""
    y = {"field": "value", "type": "quantitative", "title": unit_title, "scale": {"zero": True}}
    x = {"field": "block", "type": "ordinal", "title": "block", "axis": {"labelAngle": 0}}
    return {
        "width": WIDTH,
        "height": 170,
        "data": {"values": list(rows)},
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 1, "color": "#888888"},
                "encoding": {"x": x, "y": y, "detail": {"field": "block"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {"field": "target", "type": "nominal", "scale": colours(*pair)},
                    "shape": {
                        "field": "target",
                        "type": "nominal",
                        "scale": {"domain": list(pair), "range": ["circle", "diamond"]},
                    },
                    **DESCRIBED,
                },
            },
        ],
    }


def burst_timeline(rows: Rows, pair: tuple[str, str]) -> dict[str, Any]:
    """``rows``: target, second, offered, answered, refused, in_flight, p95; panels share the time axis."""
    x = {"field": "second", "type": "quantitative", "title": None, "axis": {"grid": False, "tickMinStep": 1}}
    x_last = {**x, "title": "seconds since the start of the run"}
    most = max((row["offered"] for row in rows), default=1.0)
    panels: list[dict[str, Any]] = []
    for target, colour in zip(pair, colours(*pair)["range"], strict=True):
        y = {"type": "quantitative", "title": "requests/s", "scale": {"domain": [0, most]}}
        panels.append(
            {
                "width": WIDTH,
                "height": 110,
                "title": target,
                "transform": [
                    {"filter": {"field": "target", "equal": target}},
                    {"fold": ["offered", "answered", "refused"], "as": ["what", "rate"]},
                ],
                "layer": _STEPS,
                "encoding": {
                    "x": x,
                    "y": {"field": "rate", **y},
                    "color": {
                        "field": "what",
                        "type": "nominal",
                        "scale": {
                            "domain": ["offered", "answered", "refused"],
                            "range": ["#999999", colour, "#cc79a7"],
                        },
                        "legend": _STROKES,
                    },
                    "strokeDash": {
                        "field": "what",
                        "type": "nominal",
                        "scale": {"domain": ["offered", "answered", "refused"], "range": [[4, 3], [1, 0], [2, 2]]},
                        "legend": _STROKES,
                    },
                },
            }
        )
    # one dash a second: a second in which nothing was answered has no p95, and nothing is drawn across it
    dashes: list[dict[str, Any]] = [
        {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": {"x2": {"field": "next"}}},
        {"mark": POINTED, "encoding": DESCRIBED},
    ]
    both = {"field": "target", "type": "nominal", "scale": colours(*pair), "legend": _STROKES}
    for field, title, axis, layer in (
        ("in_flight", "in flight", x, _STEPS),
        ("p95", "p95 of answers (s)", x_last, dashes),
    ):
        panels.append(
            {
                "width": WIDTH,
                "height": 90,
                "transform": [{"calculate": "datum.second + 1", "as": "next"}],
                "layer": layer,
                "encoding": {
                    "x": axis,
                    "y": {"field": field, "type": "quantitative", "title": title},
                    "color": both,
                },
            }
        )
    return {
        "data": {"values": [*rows, *_ends(rows)]},
        "vconcat": panels,
        "spacing": 14,
        "resolve": {"scale": {"color": "independent", "strokeDash": "independent"}},
    }


def _ends(rows: Rows) -> list[dict[str, Any]]:
    """The last second again, where it ends: a step is as long as the others."""
    last = {row["target"]: row for row in rows}
    return [{**row, "second": row["second"] + 1, "p95": None} for row in last.values()]


def cost_lines(rows: Rows, pair: tuple[str, str], crossing: float | None, expected: float) -> dict[str, Any]:
    """``rows``: target, requests, usd, low, high over a logarithmic volume axis."""
    x = {
        "field": "requests",
        "type": "quantitative",
        "scale": {"type": "log"},
        "title": "requests a month",
        "axis": {"format": "~s", "tickCount": 5, "grid": False},
    }
    y = {
        "type": "quantitative",
        "title": "runtime cost, USD a month",
        "scale": {"type": "log"},
        "axis": {"format": ",~r", "tickCount": 5, "grid": False},
    }
    colour = {"field": "target", "type": "nominal", "scale": colours(*pair)}
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "area", "opacity": 0.18},
            "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}, "color": colour},
        },
        {"mark": {"type": "line", "strokeWidth": 2}, "encoding": {"x": x, "y": {"field": "usd", **y}, "color": colour}},
        {"mark": POINTED, "encoding": {"x": x, "y": {"field": "usd", **y}, "color": colour, **DESCRIBED}},
        {"data": _ONCE, "mark": {"type": "rule", "strokeDash": [2, 3]}, "encoding": {"x": {"datum": expected}}},
        {
            "data": _ONCE,
            "mark": {"type": "text", "align": "right", "dx": -4, "y": 8, "text": "expected traffic"},
            "encoding": {"x": {"datum": expected}},
        },
    ]
    if crossing is not None:
        layers += [
            {"data": _ONCE, "mark": {"type": "rule"}, "encoding": {"x": {"datum": crossing}}},
            {
                "data": _ONCE,
                "mark": {"type": "text", "align": "left", "dx": 4, "y": 8, "text": "the lines cross"},
                "encoding": {"x": {"datum": crossing}},
            },
        ]
    return {"width": WIDTH, "height": 240, "data": {"values": list(rows)}, "layer": layers}


def cost_against_latency(rows: Rows, pair: tuple[str, str], limit_s: float) -> dict[str, Any]:
    """``rows``: target, cost (per 1,000), cost_low, cost_high, p95, p95_low, p95_high."""
    x = {"type": "quantitative", "title": "runtime cost of 1,000 successful answers, USD", "scale": {"zero": True}}
    y = {"type": "quantitative", "title": "p95 response time (s)", "scale": {"zero": True}}
    colour = {"field": "target", "type": "nominal", "scale": colours(*pair)}
    return {
        "width": WIDTH,
        "height": 200,
        "data": {"values": list(rows)},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {
                    "x": {"field": "cost_low", **x},
                    "x2": {"field": "cost_high"},
                    "y": {"field": "p95", **y},
                    "color": colour,
                },
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {
                    "x": {"field": "cost", **x},
                    "y": {"field": "p95_low", **y},
                    "y2": {"field": "p95_high"},
                    "color": colour,
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {"x": {"field": "cost", **x}, "y": {"field": "p95", **y}, "color": colour, **DESCRIBED},
            },
            *limit_rule(limit_s),
        ],
    }
