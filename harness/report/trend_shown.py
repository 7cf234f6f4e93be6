"""The trend as a page has it: sentences, a chart with its table for each promise, and what was configured otherwise."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from harness.analysis.trend import ALPHA, NOTHING, By, Change
from harness.domain.columns import Column, Kind
from harness.domain.shown import visible
from harness.domain.verdict import Judgement
from harness.report import anchors, charts_trend, words
from harness.report.blocks import Cell, Figure, Shown, Table, absent, listed, number, table
from harness.report.columns import figure, target, text, toned
from harness.report.plot import Write, clock, dollars, shares
from harness.report.svg import render
from harness.report.trend import THIS, Point, Step, Trend, configured
from harness.words.numbers import FORMATS, counted, significant

Names = Mapping[str, str]
AXES: dict[str, Write] = {"s": clock, "share": shares, "USD": dollars}
MOST_SAID = 3  # changes in a sentence; the tables have all
MOST_FIELDS = 200  # rows of what was configured otherwise
MOST_VALUE = 60  # characters
VERDICTS = {judgement.value for judgement in Judgement}


def sentences(trend: Trend, names: Names, promised: Names) -> tuple[str, ...]:
    """What stands open; ``promised`` is how each metric is called."""
    if THIS in trend.undated:
        return ("No trend: this report does not say when it measured.",)
    if not trend.several:
        return (f"No trend: there is no other campaign to compare this one with{_left_out(trend)}.",)
    first, last = trend.campaigns[0].label, trend.campaigns[-1].label
    found = [f"{len(trend.campaigns)} campaigns, {first} to {last}{_left_out(trend)}."]
    against = (
        "the one before"
        if len(trend.campaigns) == 2
        else "the one before, and against the first that it may be compared with"
    )
    found.append(f"The newest against {against}: {_family(trend, names, promised, newest=True)}.")
    if len(trend.campaigns) > 2:
        found.append(f"Between the older ones: {_family(trend, names, promised, newest=False)}.")
    if untold := [step for step in trend.untold if step.newest]:
        some = dict.fromkeys(step.lack for step in untold)
        found.append(
            f"{counted(len(untold), 'newest change')} could not be judged: {'; '.join(list(some)[:MOST_SAID])}."
        )
    return tuple(found)


def _left_out(trend: Trend) -> str:
    parts = [f"{trend.older} older left out"] if trend.older else []
    if trend.repeated:
        parts.append(f"{counted(trend.repeated, 'report')} left out that another one of the same campaign replaces")
    if trend.undated:
        parts.append(f"{counted(len(trend.undated), 'report')} left out without the time of measuring")
    return f" ({', '.join(parts)})" if parts else ""


def _family(trend: Trend, names: Names, promised: Names, *, newest: bool) -> str:
    steps = trend.family(newest=newest)
    if not steps:
        return "no change could be judged"
    beyond = sorted((s for s in steps if s.beyond), key=lambda s: -s.change.magnitude if s.change else 0.0)
    level = f"{100 * ALPHA:g} % for all {len(steps)} together, Holm"
    if not beyond:
        return f"none of {counted(len(steps), 'change')} is beyond chance ({level})"
    told = [_told(trend, step, names, promised) for step in beyond[:MOST_SAID]]
    more = f"; and {len(beyond) - MOST_SAID} more" if len(beyond) > MOST_SAID else ""
    are = "is" if len(beyond) == 1 else "are"
    return f"{len(beyond)} of {counted(len(steps), 'change')} {are} beyond chance ({level}): {'; '.join(told)}{more}"


def _told(trend: Trend, step: Step, names: Names, promised: Names) -> str:
    profile, metric, name = step.key
    since = step.after - step.before > 1
    when = (
        f" since {trend.campaigns[step.before].label}"
        if since
        else ""
        if step.newest
        else f" on {trend.campaigns[step.after].label}"
    )
    what = f"{promised.get(metric, metric)} under {profile}"
    return f"{names.get(name, name)}, {what}: {_size(step.change) if step.change else ''}{when}"


def _size(change: Change) -> str:
    return change_text(change.size, change.by)


def change_text(size: float, by: By) -> str:
    """``1.08 times``, ``+0.40 points``: a change, or an end of its interval."""
    if by is By.POINTS:
        return f"{100 * size:+.2f} points"
    near = abs(size - 1) < 0.005 and not math.isclose(size, 1, abs_tol=NOTHING)
    return f"{significant(size, 7 if near else 3)} times"


def figures(trend: Trend, names: Names, promised: Names) -> Iterator[Figure]:
    """One a promise, where there are campaigns to join."""
    if not trend.several:
        return
    marks = anchors.apart(f"trend-{anchors.slug(profile)}-{anchors.slug(metric)}" for profile, metric in trend.promises)
    for (profile, metric), mark in zip(trend.promises, marks, strict=True):
        yield _figure(trend, names, promised, profile, metric, mark)


def _figure(trend: Trend, names: Names, promised: Names, profile: str, metric: str, mark: str) -> Figure:
    targets = trend.targets(profile, metric)
    found = [
        (place, name, point, trend.step((profile, metric, name), place))
        for place, campaign in enumerate(trend.campaigns)
        for name in targets
        if (point := campaign.points.get((profile, metric, name))) is not None
    ]
    unit = found[-1][2].unit
    title = f"{promised.get(metric, metric)}, {profile}: {_finding(trend, names, found)}"
    subtitle = (
        "Each campaign's value with the interval of its verdict, and the limit as it then was. A line joins two campaigns only "
        "where they may be compared."
    )
    rows = [(trend.campaigns[place].label, name, *_cells(point, step)) for place, name, point, step in found]
    shown = table(f"{mark}-table", title, _columns(names), rows)
    drawn = [
        {
            "target": names.get(name, name),
            "place": place,
            "value": point.seen.value if point.seen else None,
            "low": point.seen.low if point.seen else None,
            "high": point.seen.high if point.seen else None,
            "joined": bool(step and step.change),
            "said": _said(trend.campaigns[place].label, names.get(name, name), point),
        }
        for place, name, point, step in found
    ]
    with_values = [row for row in drawn if row["value"] is not None]
    limits = {place: point.limit for place, _, point, _ in found if point.limit is not None and point.unit == unit}
    years = {campaign.label[:4] for campaign in trend.campaigns}
    days = [campaign.label[5 if len(years) == 1 else 2 :] for campaign in trend.campaigns]
    order = tuple(names.get(name, name) for name in targets)[: len(charts_trend.SHAPES)]
    some = [row for row in with_values if row["target"] in order]
    spec = charts_trend.over_campaigns(some, order, days, limits, AXES[unit], promised.get(metric, metric))
    return Figure(mark, title, subtitle, render(spec, title), shown)


def _said(label: str, name: str, point: Point) -> str:
    """Short: a chart has sixty marks."""
    if point.seen is None:
        return ""
    write = FORMATS[point.unit]
    ends = words.ends_text(point.seen.low, point.seen.high, write)
    return f"{name}, {label}: {write(point.seen.value)} ({ends}), {point.verdict}"


def _finding(trend: Trend, names: Names, found: list[tuple[int, str, Point, Step | None]]) -> str:
    steps = [step for *_, step in found if step is not None]
    last = next((step for step in reversed(steps) if step.beyond), None)
    if last is not None and last.change is not None:
        return f"{names.get(last.key[2], last.key[2])} {_did(last.change)} on {trend.campaigns[last.after].label}"
    if any(step.change for step in steps):
        return "no change is shown beyond chance"
    return "its campaigns are not comparable" if steps else "measured in one campaign alone"


def _did(change: Change) -> str:
    if change.by is By.TIMES:
        return f"went to {significant(change.size)} times"
    return f"{'rose' if change.size > 0 else 'fell'} by {100 * abs(change.size):.2f} points"


def _cells(point: Point, step: Step | None) -> tuple[Any, ...]:
    change = None if step is None else (_size(step.change) if step.change else step.lack)
    told = None if step is None or step.p is None else ("yes" if step.beyond else "not shown")
    apart = None if step is None or step.change is None else ("apart" if step.change.apart else "overlap")
    return point.verdict, point, point, point.limit and (point.limit, point.unit), change, apart, step and step.p, told


def _columns(names: Names) -> tuple[Shown, ...]:
    return (
        text("campaign"),
        target(names),
        toned("verdict", "verdict", _verdict),
        Shown("value", (Column("value", Kind.FLOAT, "value, in the promise's unit"),), _value, _number),
        Shown(
            "interval",
            tuple(Column(end, Kind.FLOAT, f"{end} end of the interval") for end in ("low", "high")),
            _ends,
            _pair,
        ),
        Shown(
            "limit",
            (Column("limit", Kind.FLOAT, "the promise as it then was"),),
            _limit,
            lambda v: (v[0] if v else None,),
        ),
        text("since the one before", "change", lack="first, or not measured before"),
        text("intervals", lack="none"),
        figure("p (Holm)", "p", lambda p: f"{p:.2g}" if p >= 0.001 else "< 0.001", lack="not judged"),
        text("beyond chance", lack="not judged"),
    )


def _verdict(said: str) -> Cell:
    return words.judgement(Judgement(said)) if said in VERDICTS else Cell(visible(said))


def _value(point: Point) -> Cell:
    return absent(point.why) if point.seen is None else number(FORMATS[point.unit](point.seen.value))


def _number(point: Point) -> tuple[float | None]:
    return (None if point.seen is None else point.seen.value,)


def _ends(point: Point) -> Cell:
    if point.seen is None:
        return absent("none")
    return number(words.ends_text(point.seen.low, point.seen.high, FORMATS[point.unit]))


def _pair(point: Point) -> tuple[float | None, float | None]:
    return (None, None) if point.seen is None else (point.seen.low, point.seen.high)


def _limit(value: tuple[float, str] | None) -> Cell:
    return absent("no limit") if not value else number(FORMATS[value[1]](value[0]))


def changed(trend: Trend | None) -> Table:
    """What was configured otherwise than in the campaign before, so that a change has its suspects."""
    every = list(configured(trend)) if trend else []
    note = f"The first {MOST_FIELDS} of {len(every)}." if len(every) > MOST_FIELDS else ""
    return listed(
        "trend-configuration",
        "What was configured otherwise than in the campaign before",
        every[:MOST_FIELDS],
        [
            (text("campaign"), lambda row: row[0]),
            (text("field"), lambda row: row[1]),
            (text("before", lack="not there"), lambda row: plain(row[2])),
            (text("now", lack="not there"), lambda row: plain(row[3])),
        ],
        note,
    )


def plain(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Of a field, short; None of what was not there."""
    if value is None:
        return None
    return visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), MOST_VALUE)
