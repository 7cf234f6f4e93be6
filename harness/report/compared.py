"""Two campaigns beside each other: every promise of every target and every monthly cost, and which change is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from harness.analysis.trend import ALPHA, interval
from harness.domain.reason import Reason
from harness.domain.reasons import between as why
from harness.domain.verdict import AT_LEAST, PROMISED
from harness.domain.workload import CALLED
from harness.report.trend import Campaign, Key, Point, Step, Trend, between, counted_in, one_campaign
from harness.words import said

NAMES = {**PROMISED, **{promise.value: name for promise, name in CALLED.items()}}
COSTS = {"monthly_runtime_usd": "runtime cost a month", "monthly_total_usd": "cost a month"}
NAMES |= COSTS
Read = tuple[str, Mapping[str, Any]]  # where it lies, what it says


class Told(StrEnum):
    """The later campaign against the earlier one."""

    BETTER = "better"
    WORSE = "worse"
    NOT_SHOWN = "no change shown"
    NOT_COMPARABLE = "not comparable"
    CANT_TELL = "can't tell"


OPEN = {Told.NOT_COMPARABLE, Told.CANT_TELL}


@dataclass(frozen=True)
class Row:
    """One promise of one target; a point is None where that campaign did not judge it."""

    key: Key
    a: Point | None
    b: Point | None
    step: Step | None
    why: Reason | None  # no change is told
    family: int

    @property
    def name(self) -> str:
        """How the promise is called."""
        return NAMES.get(self.key[1], self.key[1])

    @property
    def unit(self) -> str:
        point = self.b or self.a
        assert point is not None
        return point.unit

    @property
    def by_share(self) -> bool:
        """Whether the shares beyond the limit were compared: a value is infinite."""
        return bool(self.step and self.step.change and self.a and self.b and not (self.a.seen and self.b.seen))

    @property
    def told(self) -> Told:
        if self.why is not None or self.step is None or self.step.change is None:
            return Told.NOT_COMPARABLE if isinstance(self.why, why.NotComparable) else Told.CANT_TELL
        if not self.step.beyond:
            return Told.NOT_SHOWN
        more_is_better = self.key[1] in AT_LEAST and not self.by_share
        return Told.BETTER if self.step.change.rises is more_is_better else Told.WORSE

    @property
    def ends(self) -> tuple[float | None, float | None]:
        """Of the change, for all that are told together."""
        if self.step is None or self.step.change is None or self.a is None or self.b is None:
            return None, None
        pair = counted_in(self.a, self.b)
        return interval(*pair, 1 - ALPHA / self.family) if pair else (None, None)


@dataclass(frozen=True)
class Compared:
    """Campaign ``a`` and campaign ``b``, and every row: promises first, then costs."""

    trend: Trend
    rows: tuple[Row, ...]

    @property
    def a(self) -> Campaign:
        return self.trend.campaigns[0]

    @property
    def b(self) -> Campaign:
        return self.trend.campaigns[1]

    @property
    def family(self) -> int:
        """How many changes are told together."""
        return len(self.trend.family(newest=True))

    @cached_property
    def open(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.told in OPEN)

    @property
    def comparable(self) -> bool:
        """Whether any promise was asked and judged the same in both."""
        return any(row.told is not Told.NOT_COMPARABLE for row in self.rows)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why something is not told, each once."""
        return tuple(dict.fromkeys(row.why for row in self.open if row.why)) if self.rows else (why.NothingJudged(),)


def compared(a: Read, b: Read) -> Compared:
    """``a`` is the earlier one; both as ``earlier.read_two`` reads them."""
    trend = between(a, b)
    same = one_campaign(a[1], b[1])
    steps = {step.key: step for step in trend.steps}
    one, two = (campaign.points for campaign in trend.campaigns)
    family = len(trend.family(newest=True))
    rows = [_row(key, one.get(key), two.get(key), steps.get(key), family, same=same) for key in {**two, **one}]
    return Compared(trend, tuple(sorted(rows, key=lambda row: row.key[1] in COSTS)))


def _row(key: Key, a: Point | None, b: Point | None, step: Step | None, family: int, *, same: bool) -> Row:
    if same:
        return Row(key, a, b, None, why.SameCampaign(), family)
    if step is None:
        return Row(key, a, b, None, why.OnlyIn("A" if b is None else "B"), family)
    return Row(key, a, b, step, step.why, family)


def compared_json(found: Compared) -> dict[str, Any]:
    """Fixed keys; what is infinite or not known is null, with the reason beside it."""
    return {
        "a": _campaign(found.a),
        "b": _campaign(found.b),
        "comparable": found.comparable,
        "reasons": [_why(reason) for reason in found.reasons],
        "alpha": ALPHA,
        "compared_together": found.family,
        "rows": [_row_json(row) for row in found.rows],
    }


def _why(reason: Reason | None) -> dict[str, str | None]:
    return {"reason": said(reason) if reason else None, "reason_kind": reason.kind if reason else None}


def _campaign(one: Campaign) -> dict[str, Any]:
    about = {name: one.about[name] for name in ("from_utc", "to_utc", "plan")}
    return {"source": one.source, **about, "method": one.said["method"]}


def _row_json(row: Row) -> dict[str, Any]:
    change = row.step.change if row.step else None
    low, high = row.ends
    return {
        "target": row.key[2],
        "profile": row.key[0],
        "name": row.name,
        "metric": row.key[1],
        "unit": row.unit,
        "a": _point(row.a, "A"),
        "b": _point(row.b, "B"),
        "change": change.size if change else None,
        "low": low,
        "high": high,
        "by": change.by.value if change else None,
        "of": None if change is None else "share beyond the limit" if row.by_share else "value",
        "p_holm": row.step.p if row.step else None,
        "relation": row.told.value,
        **_why(row.why),
    }


def _point(point: Point | None, where: str) -> dict[str, Any]:
    seen = point.seen if point else None
    return {
        "value": seen.value if seen else None,
        "low": seen.low if seen else None,
        "high": seen.high if seen else None,
        "blocks": seen.blocks if seen else None,
        "reason": None if seen else point.why if point else f"not judged in {where}",
        "beyond": None
        if point is None or point.beyond is None
        else {"value": point.beyond.value, "low": point.beyond.low, "high": point.beyond.high},
    }
