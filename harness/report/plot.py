"""Scales, axes and labels: what every chart over two axes shares."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise

from harness.report.svg import BASELINE, CANDIDATE, GRID, LINE, MUTED, Canvas, Point, Row, Rows, cut, width_of
from harness.words.numbers import money, percent

Write = Callable[[float], str]
NEAR = (
    2.0  # times the largest value: a limit further off is named at the edge, for on the scale it would flatten the data
)
BAND = 2.5  # times the largest value: a band that goes further is cut there


@dataclass(frozen=True)
class Scale:
    """From values to pixels."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        return self.start + (self.end - self.start) * self.part(value)

    def part(self, value: float) -> float:
        """Of the whole scale, 0 at its low end and 1 at its high one."""
        low, high, at = (math.log10(v) if self.logarithmic else v for v in (self.low, self.high, value))
        return (at - low) / (high - low) if high > low else 0.5

    def ticks(self, most: int = 6) -> list[float]:
        """Round values, at most so many."""
        return log_ticks(self.low, self.high, most) if self.logarithmic else round_ticks(self.low, self.high, most)


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """1, 2 or 5 times a power of ten apart."""
    if high <= low:
        return [low]
    rough = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Powers of ten, with 2 and 5 between them where there is room; round values where fewer than two of those lie there."""
    for between in ((1, 2, 5), (1, 3), (1,)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [v for k in powers for b in between if low * 0.999 <= (v := float(f"{b}e{k}")) <= high * 1.001]
        if 1 < len(found) <= most:
            return found
    return found[:: math.ceil(len(found) / most)] if len(found) > 1 else round_ticks(low, high, most)


def finer(scale: Scale, write: Write) -> dict[float, str]:
    """Round values for any part of a scale, the coarsest first."""
    if not scale.logarithmic:
        return {v: write(v) for most in (10, 20, 50) for v in round_ticks(scale.low, scale.high, most)}
    powers = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
    steps = [float(f"{b}e{k}") for b in ("1", "5", "2", "3", "7", "4", "6", "8", "9", "1.5", "2.5") for k in powers]
    return {v: write(v) for v in steps if scale.low <= v <= scale.high}


def plain(value: float) -> str:
    """With thousands, and in words beyond a million: never a letter that may be a unit."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if abs(value) >= size:
            return f"{value / size:.3g} {word}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def dollars(value: float) -> str:
    """As elsewhere, in words beyond a million."""
    if abs(value) >= 1e6:
        return f"${plain(value)}"
    return money(value).rstrip("0").rstrip(".") if 0 < abs(value) < 1 else money(value).removesuffix(".00")


def clock(seconds: float) -> str:
    """A duration on an axis, no more digits than it has."""
    if seconds == 0:
        return "0"
    if seconds >= 7200:
        return f"{plain(seconds / 3600)} h"
    return f"{plain(seconds)} s" if seconds >= 1 else f"{plain(seconds * 1000)} ms"


def shares(value: float) -> str:
    """Whole percent where it is."""
    percents = round(100 * value, 2)
    return f"{percents:.0f} %" if percents == round(percents) else percent(round(value, 4))


@dataclass(frozen=True)
class Panel:
    """A plot with its two scales on a canvas."""

    canvas: Canvas
    x: Scale
    y: Scale

    def at(self, x: float, y: float) -> Point:
        return self.x(x), self.y(y)

    def y_axis(self, title: str, write: Write = plain, most: int = 5) -> None:
        """Title above, lines across, values to the left."""
        self.canvas.text((0, self.y.end - 12), title, colour=MUTED)
        for value in self.y.ticks(most):
            y = self.y(value)
            self.canvas.line([(self.x.start, y), (self.x.end, y)], GRID, width=1)
            self.canvas.text((self.x.start - 6, y + 4), write(value), anchor="end", colour=MUTED)

    def inside(self) -> AbstractContextManager[None]:
        """Around what is drawn over the horizontal axis: lines, areas, bars and marks, no text."""
        return self.canvas.plot(self.x.start, self.y.end, self.x.end, self.y.start)

    def x_axis(
        self, title: str, ticks: Mapping[float, str], *, lines: bool = False, fine: Mapping[float, str] | None = None
    ) -> None:
        """Values and a title below; labels that would touch are left out. ``fine`` are those for a part of the axis."""
        taken, top = -math.inf, self.y.start
        self.canvas.line([(self.x.start, top), (self.x.end, top)], GRID, width=1)
        every = {**ticks, **(fine or {})}
        with self.canvas.ticks("|".join(f"{self.x.part(value):.4g}={words}" for value, words in every.items())):
            for value, words in sorted(ticks.items()):
                x, half = self.x(value), width_of(words) / 2
                if x - half < taken or x + half > self.canvas.width + 2:
                    continue
                taken = x + half + 8
                self.canvas.line([(x, self.y.end if lines else top), (x, top + 4)], GRID, width=1)
                self.canvas.text((x, top + 17), words, anchor="middle", colour=MUTED)
        self.canvas.text((self.x.end, top + 33), title, anchor="end", colour=MUTED)

    def limit(self, value: float | None, write: Write) -> None:
        """On the scale, or named at the edge where it lies beyond."""
        if value is None:
            return
        if value <= self.y.high:
            y = self.y(value)
            self.canvas.line([(self.x.start, y), (self.x.end, y)], MUTED, width=1.5, dash="5,4")
            words = f"SLO {write(value)}"
            self.canvas.text((self.x.start + 4, y - 5), words)
            self.canvas.taken.append((self.x.start, y - 5, self.x.start + width_of(words)))
        else:
            words, y = f"↑ SLO {write(value)}, off this scale", self.y.end + 12
            self.canvas.text((self.x.end, y), words, anchor="end", colour=MUTED)
            self.canvas.taken.append((self.x.end - width_of(words), y, self.x.end))

    def name(self, lines: Sequence[tuple[Sequence[Point], str, str]]) -> None:
        """Names beside lines, at their ends where there is room: clear of every line and text, inside: (points, words, colour)."""
        order = sorted(lines, key=lambda line: line[0][-1][1])
        every = [points for points, _, _ in order]
        for k, (points, words, colour) in enumerate(order):
            told = cut(words, self.x.end - self.x.start - 18)
            wide = width_of(told) + 18
            places = self._beside(points, wide, above=k < len(order) / 2)
            right, y = min(places, key=lambda at: self._covers(at, wide, every))
            self.canvas.taken.append((right - wide, y, right))
            self.canvas.text((right, y), told, anchor="end", dot=colour)

    def _beside(self, points: Sequence[Point], wide: float, *, above: bool) -> list[Point]:
        """Where a name could end, the best first: over or under its line, at its end or before."""
        top, bottom, (first, last) = self.y.end + 10, self.y.start - 6, (points[0][0], points[-1][0])
        out = []
        for part in (1.0, 0.8, 0.6, 0.4, 0.2):
            right = min(max(first + part * (last - first), self.x.start + wide), self.x.end)
            highest, lowest = _between(points, right - wide, right) or (points[-1][1], points[-1][1])
            pair = [max(min(y, bottom), top) for y in (highest - 9, lowest + 17)]
            out += [(right, y) for y in (pair if above else pair[::-1])]
            out += [(right, max(min(y + turn * LINE, bottom), top)) for y in pair for turn in (-1, 1)]
        return out

    def _covers(self, at: Point, wide: float, lines: Sequence[Sequence[Point]]) -> int:
        """How much a name there would lie over: a text weighs more than a line."""
        (right, y), left = at, at[0] - wide
        texts = sum(abs(y - other) < LINE and left < end and start < right for start, other, end in self.canvas.taken)
        found = [_between(points, left, right) for points in lines]
        return 10 * texts + sum(ends is not None and ends[0] < y + 4 and ends[1] > y - 11 for ends in found)


def _between(points: Sequence[Point], left: float, right: float) -> tuple[float, float] | None:
    """The highest and the lowest pixel of a line over a stretch of the width; None where it does not reach there."""
    found = [y for x, y in points if left <= x <= right]
    for (x, y), (next_x, next_y) in pairwise(points):
        found += [y + (next_y - y) * (end - x) / (next_x - x) for end in (left, right) if x < end < next_x]
    return (min(found), max(found)) if found else None


def above_cut(points: Sequence[Point], top: float) -> list[Point]:
    """An area without what lies above a line: a band far beyond the values ends there."""
    out: list[Point] = []
    for (x, y), (next_x, next_y) in pairwise([*points, points[0]]):
        if y >= top:
            out.append((x, y))
        if (y < top) != (next_y < top):
            out.append((x + (next_x - x) * (top - y) / (next_y - y), top))
    return out


def panel(
    canvas: Canvas,
    height: float,
    x: tuple[float, float],
    y: tuple[float, float],
    *,
    x_log: bool = False,
    y_log: bool = False,
    write: Write = plain,
    below: float = 40,
    left: float = 24,
) -> Panel:
    """Takes its height, with a margin on the left as wide as the widest value, or as ``left`` where panels share an axis."""
    top = canvas.down(26 + height + below) + 26
    up = Scale(*y, top + height, top, y_log)
    left = max(left, *(width_of(write(v)) for v in up.ticks(5))) + 8
    return Panel(canvas, Scale(*x, left, canvas.width - 12, x_log), up)


SHARED = 62  # of panels under each other: as wide as "1,000 ms"


def up_to(values: Iterable[float], limit: float | None = None, bands: Iterable[float | None] = ()) -> float:
    """The end of a scale from nought: a limit, and the ends of ``bands``, only where they leave the values legible."""
    most = max((v for v in values if math.isfinite(v)), default=0.0) or 1.0
    wide = max((v for v in bands if v is not None and math.isfinite(v)), default=0.0)
    return max(
        most * 1.12, min(wide * 1.12, most * BAND), limit * 1.1 if limit is not None and limit <= NEAR * most else 0.0
    )


def colours(pair: Sequence[str]) -> dict[str, str]:
    """One colour per target through the whole report."""
    return dict(zip(pair, (BASELINE, CANDIDATE), strict=False))


def by_target(rows: Rows, pair: Sequence[str]) -> dict[str, list[Row]]:
    """Rows of each target that has any."""
    return {t: mine for t in pair if (mine := [row for row in rows if row["target"] == t])}
