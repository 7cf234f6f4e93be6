"""The picture of page one: every promise a row, both runtimes in it, all limits at one line of one scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.decision.effects import seen_of
from harness.decision.findings import Findings
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.domain.estimate import Estimate, Infinite
from harness.domain.verdict import Judgement, SloVerdict
from harness.report import anchors
from harness.report.blocks import Cell, Tone
from harness.report.words import judgement
from harness.words import said
from harness.words.numbers import FORMATS, level
from harness.words.page import ends

LOWEST, HIGHEST = 1 / 8, 4.0  # times the limit, that the scale always shows
LEAST, MOST = 1 / 64, 16.0  # beyond these a value is named at the edge, or it would flatten the others
OPEN = Cell("◇ open", Tone.OPEN)
MARGIN = 0.03  # of the width, that a mark at an end needs
MOST_LINES = 20  # more and page one is longer than a screen: what all keep is folded then, then what is open for all, the last first


class Edge(StrEnum):
    """Where a value lies that the scale does not reach."""

    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True)
class Line:
    """One runtime in one row; ``at``, ``low`` and ``high`` in percent of the width, None where there is nothing to draw."""

    side: str  # the alternative, which has one colour through the whole report
    label: str
    judgement: Judgement
    verdict: Cell
    value: str
    interval: str
    at: float | None
    low: float | None
    high: float | None
    edge: Edge | None = None

    @property
    def absent(self) -> bool:
        """There is no value; the interval is why."""
        return self.at is None


@dataclass(frozen=True)
class Promise:
    """One row."""

    name: str
    profile: str
    limit: str
    lines: tuple[Line, ...]
    anchor: str  # of its row with both targets beside each other

    def all_are(self, judged: Judgement) -> bool:
        """For every runtime."""
        return all(line.judgement is judged for line in self.lines)


@dataclass(frozen=True)
class Scale:
    """Logarithmic, in times the limit: the same for every promise."""

    lowest: float
    highest: float

    def place(self, ratio: float) -> float:
        """In percent of the width; what lies beyond is at the end."""
        if ratio <= self.lowest:
            return 100 * MARGIN
        part = math.log(min(ratio, self.highest) / self.lowest) / math.log(self.highest / self.lowest)
        return round(100 * (MARGIN + part * (1 - 2 * MARGIN)), 2)

    @property
    def limit(self) -> float:
        return self.place(1.0)

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Places and what is written there."""
        some = [
            (2.0**k, f"{2**k:g}\N{MULTIPLICATION SIGN}" if k > 0 else "limit" if k == 0 else f"1/{2**-k}")
            for k in range(-6, 5, 2)
        ]
        return tuple((self.place(r), words) for r, words in some if self.lowest < r < self.highest or r == 1)


@dataclass(frozen=True)
class Picture:
    """All rows on one scale."""

    scale: Scale
    rows: tuple[Promise, ...]
    folded: tuple[Promise, ...]  # kept by every runtime or open for each, where there are more lines than a screen has
    level: str  # of the intervals

    @property
    def summary(self) -> str:
        """Of what is folded."""
        kept = sum(row.all_are(Judgement.PASS) for row in self.folded)
        parts = (("kept by every runtime", kept), ("not decided for any", len(self.folded) - kept))
        told = [f"{many} {words}" for words, many in parts if many]
        return f"{len(self.folded)} more, {parts[0 if kept else 1][0] if len(told) == 1 else ' and '.join(told)}"


def picture(findings: Findings, names: Mapping[str, str]) -> Picture:
    """Rows in the order of the promises; the hybrid that was run is a line of each."""
    data = findings.data
    sides = {BASELINE: data.baseline, CANDIDATE: data.candidate}
    if findings.hybrid is not None:
        sides[HYBRID] = findings.hybrid.target
    by_promise: dict[tuple[str, str], dict[str, SloVerdict]] = {}
    for side, target in sides.items():
        for v in findings.promises_of(target):
            if v.target == target:
                by_promise.setdefault((v.profile, v.slo.metric), {})[side] = v
    scale = _scale([r for row in by_promise.values() for v in row.values() for r in _ratios(v) if r])
    rows = [
        Promise(
            v.slo.name,
            v.profile,
            f"{'≥ ' * v.slo.at_least}{FORMATS[v.slo.unit](v.slo.limit)}",
            tuple(_lines(row, sides, names, scale)),
            anchors.promise(v.profile, v.slo.metric),
        )
        for row in by_promise.values()
        for v in [next(iter(row.values()))]
    ]
    shown, folded = _parted(rows)
    return Picture(scale, shown, folded, level(findings.look.confidence))


def _parted(rows: Sequence[Promise]) -> tuple[tuple[Promise, ...], tuple[Promise, ...]]:
    """What is shown, and what is folded: of what tells the runtimes apart nothing is."""
    lines = sum(len(row.lines) for row in rows)
    folded: set[int] = set()
    for judged in (Judgement.PASS, Judgement.INCONCLUSIVE):
        for place in reversed(range(len(rows))):
            if lines > MOST_LINES and rows[place].all_are(judged):
                folded.add(place)
                lines -= len(rows[place].lines)
    apart = [tuple(row for place, row in enumerate(rows) if (place in folded) is fold) for fold in (False, True)]
    return apart[0], apart[1]


def _scale(ratios: Sequence[float]) -> Scale:
    finite = [r for r in ratios if 0 < r < math.inf]
    low, high = min([*finite, LOWEST]), max([*finite, HIGHEST])
    return Scale(2.0 ** math.floor(math.log2(max(low, LEAST))), 2.0 ** math.ceil(math.log2(min(high, MOST))))


def _ratios(v: SloVerdict) -> tuple[float | None, float | None, float | None]:
    """Value and ends in times the limit; of a least share, what is lacking in times what may lack."""
    known, limit = v.estimate, v.slo.limit
    if not isinstance(known, Estimate):
        return None, None, None
    if limit <= 0:  # none is at the limit, any is beyond every scale
        none, low, high = (
            None if end is None else math.inf if end > 0 else 1.0 for end in (known.value, known.low, known.high)
        )
        return none, low, high
    if v.slo.at_least:
        may = 1 - limit
        lacks = [None if end is None or may <= 0 else (1 - end) / may for end in (known.value, known.high, known.low)]
        return lacks[0], lacks[1], lacks[2]
    low, high = (None if end is None else end / limit for end in (known.low, known.high))
    return known.value / limit, low, high


def _lines(
    row: Mapping[str, SloVerdict], sides: Mapping[str, str], names: Mapping[str, str], scale: Scale
) -> Iterator[Line]:
    for side, target in sides.items():
        if (v := row.get(side)) is not None:
            yield _line(side, names[target], v, scale)


def _line(side: str, label: str, v: SloVerdict, scale: Scale) -> Line:
    write, seen = FORMATS[v.slo.unit], seen_of(v)
    known = v.estimate
    shown = (side, label, v.judgement, OPEN if v.judgement is Judgement.INCONCLUSIVE else judgement(v.judgement))
    if isinstance(known, Infinite):
        over = (
            f"{ends(seen[0], FORMATS['share'])} beyond, {FORMATS['share'](seen[1])} allowed"
            if seen[2] == "share"
            else ""
        )
        return Line(*shown, "∞", over, scale.place(math.inf), None, None, Edge.ABOVE)
    if not isinstance(known, Estimate):
        return Line(*shown, "not known", said(known.reason), None, None, None)
    ratio, low, high = _ratios(v)
    place = None if ratio is None else scale.place(ratio)
    edge = None
    if ratio is not None and ratio > scale.highest:
        edge = Edge.ABOVE
    elif ratio is not None and 0 < ratio < scale.lowest:
        edge = Edge.BELOW
    left = scale.place(low) if low is not None else place if place is None else scale.place(0.0)
    right = scale.place(high) if high is not None else place if place is None else 100.0
    value, wide = write(known.value), ends((known.low, known.high), write)
    return Line(*shown, value, "" if wide == value else wide, place, left, right, edge)
