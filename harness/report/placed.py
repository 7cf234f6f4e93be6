"""Where each workload belongs: its promise and its limits on both targets, beside each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.analysis.workload import deciding
from harness.decision.placement import Placed
from harness.decision.side import MEMORY, PAYLOAD, TIME, Against, Side
from harness.domain.columns import Column, Kind, absent_of
from harness.domain.estimate import Unknown
from harness.domain.reason import labelled
from harness.domain.reasons.place import BELONGS, Basis, Place
from harness.domain.verdict import SloVerdict
from harness.domain.workload import CALLED, Promise, Workload
from harness.report import words
from harness.report.blocks import Cell, Shown, Table, absent, table
from harness.report.columns import estimate, target, text, word
from harness.words import all_said, said
from harness.words.numbers import FORMATS, lasting, money, significant

Names = Mapping[str, str]
SIDES = ("baseline", "candidate")
MARKS = {Place.WARM: "● ", Place.CONTAINER: "● ", Place.THERE: "● ", Place.SERVERLESS: "○ ", Place.EITHER: "◐ "}
UNTOLD = (Place.OPEN, Place.NOT_MEASURED)
NOTE = (
    "Each row has the promise that decides; the next table has all of them. Limits: time of one request or job, memory of "
    "an instance, payload."
)
UNIT: Mapping[str, Callable[[float], str]] = {
    TIME: lasting,
    MEMORY: lambda v: f"{v:,.0f} MB",
    PAYLOAD: lambda v: f"{v:,.0f} kB",
}
NO_PROMISE, UNMEASURED = "no promise", "not measured"


def places(placed: Sequence[Placed], targets: Sequence[str], names: Names) -> Table:
    """One row a workload: its place and why, the promise that decides, and what each target makes of it."""
    sides = list(zip(SIDES, dict.fromkeys(targets), strict=False))
    shown = [
        text("workload"),
        Shown("place", (Column("place", Kind.WORD, "place"),), _place, lambda where: (said(BELONGS[where]),)),
        text("because"),
        text("promise", lack="none"),
        *(_side(names[t], side) for side, t in sides),
    ]
    rows = [_row(one, [t for _, t in sides], names) for one in placed]
    return table("placement", "Where each workload belongs", shown, rows, NOTE + _sources(placed))


def _sources(placed: Sequence[Placed]) -> str:
    """The documents that limits are from, of those that a figure is held to."""
    every = (one for p in placed for side in p.sides for one in side.against)
    named = dict.fromkeys(
        a.ceiling.source for a in every if _held(a) and a.ceiling.most is not None and a.ceiling.source
    )
    return f" What platforms allow: {'; '.join(named)}." if named else ""


def _side(head: str, side: str) -> Shown:
    """Verdict, limits and a month of one target in one cell; the frame has each by itself."""
    columns = (
        _measured(f"{head}: measured", side),
        _limits(f"{head}: limits", f"{side}_limits"),
        estimate(f"{head}: a month", f"{side}_usd", money, "interval"),
    )

    def cell(values: tuple[Any, ...]) -> Cell:
        verdict, limits, month = (column.cell(value) for column, value in zip(columns, values, strict=True))
        if values[0] == UNMEASURED:
            return absent("; ".join(filter(None, (verdict.text, limits.text))))
        return Cell("; ".join(filter(None, (verdict.text, limits.text, f"a month: {month.text}"))))

    def split(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(part for column, value in zip(columns, values, strict=True) for part in column.split(value))

    return Shown(head, tuple(part for column in columns for part in column.parts), cell, split)


def _row(one: Placed, targets: Sequence[str], names: Names) -> list[Any]:
    sides = [one.of(t) for t in targets]
    promise = deciding([v for side in sides if side.measured for v in side.measured.verdicts])
    return [
        one.workload.label,
        one.place,
        "; ".join(dict.fromkeys(all_said(labelled(reason, names) for reason in one.reasons))),
        _declared(one.workload) if promise is None else limit_text(promise),
        *((_same(side, promise), side.against, side.month_usd) for side in sides),
    ]


WRITE: Mapping[Promise, Callable[[float], str]] = {
    Promise.LOST: significant,
    Promise.COST: money,
}  # the others are times


def _declared(workload: Workload) -> str | None:
    """What it promises, where nothing judges it yet."""
    said_ = (f"{CALLED[p]}: at most {WRITE.get(p, lasting)(limit)}" for p, limit in workload.promises.items())
    return "; ".join(said_) or None


def _same(side: Side, promise: SloVerdict | None) -> SloVerdict | str:
    """The promise on this target; why there is none, where it was not judged here."""
    if side.measured is None:
        return UNMEASURED
    if promise is None:
        return NO_PROMISE
    wanted = (promise.slo.metric, promise.profile)
    return next((v for v in side.measured.verdicts if (v.slo.metric, v.profile) == wanted), NO_PROMISE)


def limit_text(v: SloVerdict) -> str:
    """A promise, under what, and its limit."""
    return f"{v.slo.name}, {v.profile}: {'at least' if v.slo.at_least else 'at most'} {_written(v, v.slo.limit)}"


def _written(v: SloVerdict, value: float) -> str:
    return lasting(value) if v.slo.unit == "s" else FORMATS.get(v.slo.unit, significant)(value)


def _place(place: Place) -> Cell:
    told = said(BELONGS[place])
    return absent(told) if place in UNTOLD else Cell(MARKS.get(place, "▲ ") + told)


def _measured(head: str, side: str) -> Shown:
    """Verdict, value and interval in one cell; a text where there is no verdict."""
    name = f"{side}_value"
    parts = (
        Column(name, Kind.FLOAT, head),
        *(Column(f"{side}_{end}", Kind.FLOAT, f"{end} end: {head}") for end in ("low", "high")),
        Column(f"{side}_unit", Kind.WORD, f"unit: {head}"),
        Column(f"{side}_verdict", Kind.WORD, f"verdict: {head}"),
        Column(absent_of(name), Kind.TEXT, f"why there is no value: {head}"),
    )

    def cell(v: SloVerdict | str) -> Cell:
        if isinstance(v, str):
            return absent(v)
        told = words.judgement(v.judgement)
        return Cell(f"{told.text}: {value_text(v)}", told.tone)

    def split(v: SloVerdict | str) -> tuple[Any, ...]:
        if isinstance(v, str):
            return (None, None, None, None, None, v)
        seen = v.estimate
        if isinstance(seen, Unknown):
            return (None, None, None, v.slo.unit, v.judgement.value, said(seen.reason))
        return (seen.value, seen.low, seen.high, v.slo.unit, v.judgement.value, None)

    return Shown(head, parts, cell, split)


def value_text(v: SloVerdict) -> str:
    """What was measured with its interval, in the promise's own unit; the reason where there is none."""
    seen = v.estimate
    if isinstance(seen, Unknown):
        return said(seen.reason)
    return words.estimate_text(seen, lambda x: _written(v, x))


def _limits(head: str, name: str) -> Shown:
    """Each figure of the workload beside the limit that it is held to; what is not known, or has no limit, is left out."""

    def told(against: Sequence[Against]) -> str:
        return "; ".join(held for one in against if (held := _held(one)))

    return Shown(
        head,
        (Column(name, Kind.TEXT, head),),
        lambda against: Cell(told(against)),
        lambda against: (told(against) or None,),
    )


def _held(one: Against) -> str:
    setting, most = one.ceiling.setting, one.ceiling.most
    limit = most if setting is None else setting
    if limit is None or one.value is None:
        return ""
    write = UNIT[one.what]
    more = f", can be set to {write(most)}" if most is not None and most > limit else ""
    basis = "" if one.basis is Basis.MEASURED else f" ({one.basis.value})"
    return f"{one.what} {write(one.value)}{basis}, limit {write(limit)}{more}"


def promised(placed: Sequence[Placed], names: Names) -> Table:
    """Every promise of each workload that was measured; on a target that was not, what would do it."""
    rows: list[list[Any]] = []
    for one in placed:
        for side in one.sides if any(s.measured for s in one.sides) else ():
            start = [one.workload.label, side.target]
            verdicts = side.measured.verdicts if side.measured else ()
            rows += [[*start, limit_text(v), v, side.fit.value] for v in verdicts]
            if not verdicts:
                why = NO_PROMISE if side.measured else said(labelled(side.why, names))
                rows.append([*start, _declared(one.workload), why, side.fit.value])
    shown = (
        text("workload"),
        target(names),
        text("promise", lack="none"),
        _measured("measured", "measured"),
        word("the target as a whole", "fit"),
    )
    return table("placement-promises", "Each workload's promises, as measured", shown, rows)
