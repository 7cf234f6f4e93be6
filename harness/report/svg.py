"""A chart as SVG that takes its colours from the page, drawn once for a page and once for a phone."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from html import escape
from typing import Any, Concatenate, ParamSpec

from harness.domain.shown import visible

Row = Mapping[str, Any]
Rows = Sequence[Row]
P = ParamSpec("P")
Point = tuple[float, float]

WIDE, NARROW = 700, 344  # pixels; on a screen of 390 the page has 350
LETTER = 7.6  # a generous mean width of a letter at 12 px: the reader's own font may be wide
LINE = 15  # of text

INK, MUTED, GRID, PAPER = "var(--ink)", "var(--muted)", "var(--grid)", "var(--paper)"
BASELINE, CANDIDATE, HYBRID, REFUSED = "var(--baseline)", "var(--candidate)", "var(--hybrid)", "var(--refused)"
PARTS = ("#e69f00", "#56b4e9", "#f0e442", "#009e73", "#999999", "#cccccc")
ON_PAPER = {
    "--ink": "#1b1b1a",
    "--muted": "#5f5f5b",
    "--grid": "#dcdcd6",
    "--paper": "#fdfdfb",
    "--baseline": "#0072b2",
    "--candidate": "#d55e00",
    "--hybrid": "#7b4b94",
    "--refused": "#cc79a7",
}


@dataclass(frozen=True)
class Drawn:
    """The same chart at both widths."""

    wide: str
    narrow: str


@dataclass
class Canvas:
    """Grows downwards: whoever draws takes height with ``down``."""

    width: int
    height: float = 4
    parts: list[str] = field(default_factory=list)
    taken: list[tuple[float, float, float]] = field(default_factory=list)  # by words in plots: left, baseline, right

    @property
    def narrow(self) -> bool:
        return self.width < WIDE

    def free(self, at: Point, wide: float) -> bool:
        """Whether words of that width, from that place, touch no others."""
        return not any(abs(at[1] - y) < LINE and at[0] < right and left < at[0] + wide for left, y, right in self.taken)

    def down(self, pixels: float) -> float:
        """The top of the height that is taken."""
        top, self.height = self.height, self.height + pixels
        return top

    def line(
        self, points: Iterable[Point], colour: str, *, width: float = 2, dash: str = "", opacity: float = 1
    ) -> None:
        """Joined points."""
        self._path(_joined(points), f'fill="none" stroke="{colour}" stroke-width="{width:g}"', dash, opacity)

    def area(self, points: Iterable[Point], colour: str, opacity: float = 0.18) -> None:
        """Filled, without an edge."""
        self._path(f"{_joined(points)}Z", f'fill="{colour}"', "", opacity)

    def bar(
        self, left: float, top: float, right: float, bottom: float, colour: str, said: str = "", opacity: float = 1
    ) -> None:
        """A rectangle; ``said`` is what it says when pointed at."""
        path = f"M{_n(left)},{_n(top)}H{_n(right)}V{_n(bottom)}H{_n(left)}Z"
        self._path(path, f'fill="{colour}"', "", opacity, said)

    def mark(self, shape: str, at: Point, colour: str, said: str, size: float = 4, opacity: float = 1) -> None:
        """``circle``, ``diamond``, ``triangle``, ``cross`` or ``tick``."""
        look = f'fill="none" stroke="{colour}" stroke-width="2"' if shape in ("cross", "tick") else f'fill="{colour}"'
        self._path(_SHAPES[shape](*at, size), look, "", opacity, said)

    def text(
        self, at: Point, words: str, *, anchor: str = "start", colour: str = INK, dot: str = "", bold: bool = False
    ) -> None:
        """One line, over a halo of the paper; ``dot`` is the colour of what it names."""
        look = f' text-anchor="{anchor}"' if anchor != "start" else ""
        look += ' font-weight="600"' if bold else ""
        swatch = f'<tspan fill="{dot}">●</tspan> ' if dot else ""
        self.parts.append(f'<text x="{_n(at[0])}" y="{_n(at[1])}" fill="{colour}"{look}>{swatch}{_safe(words)}</text>')

    def words(self, words: str, *, left: float = 0, colour: str = INK, bold: bool = False, dot: str = "") -> None:
        """Lines under each other, as many as the width needs."""
        for place, each in enumerate(wrapped(("●  " if dot else "") + words, self.width - left)):
            told = each.removeprefix("●").lstrip() if dot and not place else each
            self.text((left, self.down(LINE + 1) + 12), told, colour=colour, bold=bold, dot="" if place else dot)

    def key(self, entries: Iterable[tuple[str, str, str]], left: float = 0) -> None:
        """What colours, shapes and dashes mean, in as many lines as the width needs: (shape, colour, words)."""
        x, top = left, self.down(LINE + 5)
        for shape, colour, words in entries:
            told = cut(words, self.width - left - 22)
            wide = 22 + LETTER * len(told) + 14
            if x > left and x + wide > self.width:
                x, top = left, self.down(LINE + 5)
            if shape in _SHAPES:
                self.mark(shape, (x + 8, top + 8), colour, "", 5)
            else:
                self.line([(x, top + 8), (x + 16, top + 8)], colour, dash=shape)
            self.text((x + 22, top + 12), told)
            x += wide

    @contextmanager
    def plot(self, left: float, top: float, right: float, bottom: float) -> Iterator[None]:
        """What is drawn within belongs to these two axes: a reader may look at a part of it, and nothing of it is text."""
        start = len(self.parts)
        yield
        box = f"{_n(left)} {_n(top)} {_n(right - left)} {_n(bottom - top)}"
        x, y, width, height = box.split()
        head = (
            f'<svg class="plot" x="{x}" y="{y}" width="{width}" height="{height}" viewBox="{box}" overflow="visible">'
        )
        self.parts[start:] = [head, *self.parts[start:], "</svg>"] if len(self.parts) > start else []

    @contextmanager
    def ticks(self, fine: str) -> Iterator[None]:
        """What is drawn within is made anew from ``fine`` for a part of the axis: places of the whole, 0 to 1, with their words."""
        start = len(self.parts)
        yield
        self.parts[start:] = [f'<g class="ticks" data-fine="{_safe(fine)}">', *self.parts[start:], "</g>"]

    def svg(self, label: str) -> str:
        """``label`` is read to those who cannot see it."""
        height = math.ceil(self.height) + 2
        head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{_safe(label)}" width="{self.width}" '
        look = (
            f'height="{height}" viewBox="0 0 {self.width} {height}" font-family="system-ui, sans-serif" font-size="12">'
        )
        return head + look + "".join(self.parts) + "</svg>"

    def _path(self, path: str, look: str, dash: str, opacity: float, said: str = "") -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        faint = f' opacity="{opacity:g}"' if opacity != 1 else ""
        head = f'<path d="{path}" {look}{dashed}{faint}'
        # a browser shows a title when its mark is pointed at; a phone's marks say what the wide chart's say, in the same order
        if not said:
            self.parts.append(f"{head}/>")
        elif self.narrow:
            self.parts.append(f'{head} class="m"/>')
        else:
            self.parts.append(f"{head}><title>{_safe(said)}</title></path>")


Drawing = Callable[[Canvas], None]


def drawing(draw: Callable[Concatenate[Canvas, P], None]) -> Callable[P, Drawing]:
    """A chart over its rows, to be drawn on any canvas."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Drawing:
        return lambda canvas: draw(canvas, *args, **kwargs)

    return drawn


def render(spec: Drawing, label: str) -> Drawn:
    """The same rows give the same bytes."""
    made = []
    for width in (WIDE, NARROW):
        canvas = Canvas(width)
        spec(canvas)
        made.append(canvas.svg(label))
    return Drawn(*made)


def standalone(drawn: Drawn) -> str:
    """An SVG file of its own has no page to take colours from."""
    halo = f"<style>text{{paint-order:stroke;stroke:{PAPER};stroke-width:3px;stroke-linejoin:round}}</style>"
    svg = drawn.wide.replace('font-size="12">', f'font-size="12">{halo}', 1)
    for variable, colour in ON_PAPER.items():
        svg = svg.replace(f"var({variable})", colour)
    return svg


def wrapped(words: str, pixels: float) -> list[str]:
    """Lines that fit into so many pixels, in any font."""
    return textwrap.wrap(words, max(8, int(pixels / LETTER)), break_long_words=True) or [""]


def cut(words: str, pixels: float) -> str:
    """With an ellipsis where it would not fit."""
    most = max(1, int(pixels / LETTER))
    return words if len(words) <= most else f"{words[: most - 1]}…"


def width_of(words: str) -> float:
    """At most, in any font."""
    return LETTER * len(words)


_SHAPES: Mapping[str, Callable[[float, float, float], str]] = {
    "circle": lambda x, y, r: (
        f"M{_n(x)},{_n(y)}m{-r:g},0a{r:g},{r:g},0,1,0,{2 * r:g},0a{r:g},{r:g},0,1,0,{-2 * r:g},0Z"
    ),
    "diamond": lambda x, y, r: (
        f"M{_n(x)},{_n(y - r - 1)}l{r + 1:g},{r + 1:g}l{-r - 1:g},{r + 1:g}l{-r - 1:g},{-r - 1:g}Z"
    ),
    "triangle": lambda x, y, r: f"M{_n(x)},{_n(y - r)}l{r:g},{2 * r:g}h{-2 * r:g}Z",
    "square": lambda x, y, r: f"M{_n(x)},{_n(y)}m{-r:g},{-r:g}h{2 * r:g}v{2 * r:g}h{-2 * r:g}Z",
    "cross": lambda x, y, r: f"M{_n(x)},{_n(y)}m{-r:g},{-r:g}l{2 * r:g},{2 * r:g}m{-2 * r:g},0l{2 * r:g},{-2 * r:g}",
    "tick": lambda x, y, r: f"M{_n(x)},{_n(y - r)}v{2 * r:g}",
}


def _joined(points: Iterable[Point]) -> str:
    return "M" + "L".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _safe(words: str) -> str:
    return escape(visible(words))
