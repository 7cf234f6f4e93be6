"""Altair's charts to SVG that follows the page's colours, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode

Rows = Sequence[Mapping[str, Any]]
P = ParamSpec("P")

# Drawn with these, then replaced: an SVG cannot know the reader's colour scheme.
INK, MUTED, GRID = "#010203", "#040506", "#070809"
BASELINE, CANDIDATE = "#0072b2", "#d55e00"  # Okabe-Ito blue and vermilion
PARTS = ("#e69f00", "#56b4e9", "#f0e442", "#009e73", "#999999", "#cccccc")
WIDTH = 620
VEGALITE = "5.20"

LETTER = 7.6  # width of a letter at 12 px: the reader's own font may be wider than the one measured here

SAID = alt.Description("said:N")  # what a mark says when pointed at

_MARK = re.compile(
    r'<path aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="(?!line|area)[^"]*"([^>]*?)/>'
)
_INNER = re.compile(r' (?:role="graphics-[a-z]+"|aria-[a-z]+="[^"]*")')

_CONFIG: dict[str, Any] = {
    "background": None,
    "font": "system-ui, sans-serif",
    "padding": 4,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "domainColor": GRID,
        "tickColor": GRID,
        "gridColor": GRID,
        "labelFontSize": 12,
        "labelFlush": False,  # a last label that is pushed inwards runs into its neighbour
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "legend": {
        "labelColor": INK,
        "titleColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "orient": "top",
        "symbolOpacity": 1,
        "columnPadding": 40,  # drawn in the reader's own font, which may be wider than the one measured here
        "title": None,
    },
    "header": {"labelColor": INK, "titleColor": MUTED, "labelFontSize": 12, "labelFontWeight": "bold"},
    "title": {"color": INK, "fontSize": 13, "anchor": "start", "fontWeight": "bold"},
    "text": {"color": INK, "fontSize": 12},
    "rule": {"color": MUTED},
}


def drawing(draw: Callable[P, alt.TopLevelMixin]) -> Callable[P, dict[str, Any]]:
    """A chart as its specification. Altair's own checks take longer than the chart: ``draw`` alone is what tests hold to them."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        with debug_mode(False):  # noqa: FBT003 - Altair's own signature
            made: dict[str, Any] = draw(*args, **kwargs).to_dict(validate=False)
        return {**made, "config": _CONFIG, "$schema": f"https://vega.github.io/schema/vega-lite/v{VEGALITE[0]}.json"}

    return drawn


def render(spec: dict[str, Any], label: str) -> str:
    """The same specification gives the same bytes; ``label`` is read to those who cannot see it."""
    raw: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGALITE)
    for sentinel, colour in ((INK, "var(--ink)"), (MUTED, "var(--muted)"), (GRID, "var(--grid)")):
        raw = raw.replace(sentinel, colour)
    # a browser shows a title by itself when its mark is pointed at; report.js shows the nearest one at once
    raw = _MARK.sub(r"<path\2><title>\1</title></path>", raw)
    raw = _INNER.sub("", raw)  # the whole is one image with one label; its table is beside it
    escaped = label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return raw.replace("<svg ", f'<svg role="img" aria-label="{escaped}" ', 1)


def standalone(svg: str) -> str:
    """An SVG file of its own has no page to take colours from."""
    for variable, colour in (("--ink", "#1b1b1a"), ("--muted", "#5f5f5b"), ("--grid", "#dcdcd6")):
        svg = svg.replace(f"var({variable})", colour)
    return svg


def values(rows: Rows) -> alt.InlineData:
    """Rows of plain values."""
    return alt.InlineData(values=list(rows))


ONCE = values([{}])  # of a mark that is no row's: drawn once


def row_axis(texts: Sequence[str]) -> alt.Axis:
    """An axis with room for these whole."""
    longest = round(LETTER * max(map(len, texts), default=0))
    return alt.Axis(labelLimit=longest, minExtent=longest)


def coloured(pair: tuple[str, str]) -> alt.Color:
    """One colour per target through the whole report."""
    return alt.Color("target:N", scale=alt.Scale(domain=list(pair), range=[BASELINE, CANDIDATE]))
