"""Charts about cold starts, refusals and capacity, as Vega-Lite specifications over plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.report.charts import Rows, limit_rule
from harness.report.svg import DESCRIBED, PARTS, WIDTH, colours

_LABELS = {"labelLimit": 280, "minExtent": 245}


def cold_parts(rows: Rows, parts: Sequence[str]) -> dict[str, Any]:
    """``rows``: label, part, order, milliseconds; one stacked bar a label."""
    return {
        "width": WIDTH - 200,
        "height": {"step": 30},
        "data": {"values": list(rows)},
        "mark": {"type": "bar", "height": 18},
        "encoding": {
            "y": {"field": "label", "type": "nominal", "title": None, "sort": None, "axis": _LABELS},
            "x": {
                "field": "milliseconds",
                "type": "quantitative",
                "title": "mean milliseconds of one answer",
                "stack": "zero",
                "axis": {"tickCount": 6},
            },
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": {"domain": list(parts), "range": list(PARTS)},
                "legend": {"columns": 2, "labelLimit": 300, "columnPadding": 90},
            },
            "order": {"field": "order", "type": "quantitative"},
            **DESCRIBED,
        },
    }


def cold_strip(rows: Rows) -> dict[str, Any]:
    """``rows``: label, state, milliseconds: what the runtime added to each probe and control."""
    return {
        "width": WIDTH - 200,
        "height": {"step": 34},
        "data": {"values": list(rows)},
        "mark": {"type": "point", "filled": True, "size": 55, "opacity": 0.75},
        "encoding": {
            "y": {"field": "label", "type": "nominal", "title": None, "sort": None, "axis": _LABELS},
            "x": {
                "field": "milliseconds",
                "type": "quantitative",
                "title": "milliseconds beyond the model's own time",
                "axis": {"tickCount": 8},
            },
            "color": {
                "field": "state",
                "type": "nominal",
                "scale": {"domain": ["cold", "warm"], "range": ["#56b4e9", "#999999"]},
            },
            "shape": {
                "field": "state",
                "type": "nominal",
                "scale": {"domain": ["cold", "warm"], "range": ["triangle-up", "circle"]},
            },
            **DESCRIBED,
        },
    }


def keep_alive(curve: Rows, probes: Rows, medians: Rows, pair: tuple[str, str]) -> dict[str, Any]:
    """``curve``: target, gap, share; ``probes``: target, gap, cold (0 or 1); ``medians``: target, value, low, high."""
    x = {
        "field": "gap",
        "type": "quantitative",
        "scale": {"type": "log"},
        "title": "idle time before the request (s)",
        "axis": {"grid": False, "tickCount": 6},
    }
    share = {"field": "share", "type": "quantitative", "title": "share cold", "scale": {"domain": [0, 1]}}
    colour = {"field": "target", "type": "nominal", "scale": colours(*pair)}
    return {
        "width": WIDTH,
        "height": 200,
        "layer": [
            {
                "data": {"values": list(medians)},
                "mark": {"type": "rect", "opacity": 0.15},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "color": colour},
            },
            {
                "data": {"values": list(medians)},
                "mark": {"type": "rule", "strokeDash": [4, 3]},
                "encoding": {"x": {**x, "field": "value"}, "color": colour},
            },
            {
                "data": {"values": list(curve)},
                "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
                "encoding": {"x": x, "y": share, "color": colour},
            },
            {
                "data": {"values": list(probes)},
                "mark": {"type": "tick", "orient": "vertical", "height": 9, "thickness": 1.5, "opacity": 0.7},
                "encoding": {"x": x, "y": {**share, "field": "cold"}, "color": colour, **DESCRIBED},
            },
        ],
    }


def funnel(rows: Rows, stages: Sequence[str], pair: tuple[str, str]) -> dict[str, Any]:
    """``rows``: target, stage, share (of what was offered), label."""
    y = {"field": "stage", "type": "nominal", "title": None, "sort": list(stages)}
    offset = {"field": "target", "sort": list(pair)}
    x = {
        "field": "share",
        "type": "quantitative",
        "title": "share of the offered requests",
        "axis": {"format": "%", "tickCount": 5},
        "scale": {"domain": [0, 1]},
    }
    colour = {"field": "target", "type": "nominal", "scale": colours(*pair)}
    base = {"y": y, "yOffset": offset, "x": x}
    return {
        "width": WIDTH - 140,
        "height": {"step": 18},
        "data": {"values": list(rows)},
        "layer": [
            {"mark": {"type": "bar"}, "encoding": {**base, "color": colour, **DESCRIBED}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4},
                "encoding": {**base, "text": {"field": "label", "type": "nominal"}},
            },
        ],
    }


def knee(steps: Rows, brackets: Rows, pair: tuple[str, str], limit_s: float) -> dict[str, Any]:
    """``steps``: target, rate, p95, kept (words); ``brackets``: target, value, low, high."""
    x = {
        "field": "rate",
        "type": "quantitative",
        "title": "offered rate (requests a second)",
        "scale": {"type": "log", "nice": False, "padding": 12},
        "axis": {"grid": False, "tickCount": 8},
    }
    y = {"field": "p95", "type": "quantitative", "title": "p95 response time (s)"}
    colour = {"field": "target", "type": "nominal", "scale": colours(*pair)}
    kept = {
        "field": "kept",
        "type": "nominal",
        "scale": {"domain": ["kept", "unclear", "broken"], "range": ["circle", "diamond", "cross"]},
        "legend": {"orient": "bottom", "title": "step"},
    }
    return {
        "width": WIDTH,
        "height": 230,
        "layer": [
            {
                "data": {"values": list(brackets)},
                "mark": {"type": "rect", "opacity": 0.15},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "color": colour},
            },
            {
                "data": {"values": list(brackets)},
                "mark": {"type": "rule", "strokeDash": [4, 3]},
                "encoding": {"x": {**x, "field": "value"}, "color": colour},
            },
            {
                "data": {"values": list(steps)},
                "mark": {"type": "line", "strokeWidth": 1.5, "opacity": 0.6},
                "encoding": {"x": x, "y": {**y, "aggregate": "mean"}, "color": colour},
            },
            {
                "data": {"values": list(steps)},
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 0.85},
                "encoding": {"x": x, "y": y, "color": colour, "shape": kept, **DESCRIBED},
            },
            *limit_rule(limit_s),
        ],
    }
