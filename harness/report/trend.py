"""A pilot over its campaigns: what each says of every promise, and which changes between them may be told at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from harness import words
from harness.analysis.slo import EXPECTED
from harness.analysis.trend import ALPHA, By, Change, Seen, change, judged, size_of
from harness.domain.reason import Reason
from harness.domain.reasons import between as why
from harness.domain.verdict import METHOD, WORK_METHOD
from harness.words.numbers import FORMATS

MOST = 30  # earlier campaigns; older ones are left out, and their number is said
USUAL_CONFIDENCE = 0.95
THIS = "this report"
MONEY = "USD"
RUNTIME = "monthly_runtime_usd"  # a cost under the metric that its promise has
ALIKE = {METHOD, WORK_METHOD}  # methods that judge each promise alike, though not the same promises
ASKED = ("load", "mix", "tenants", "quality", "questions")  # sealed fields that say what was asked
PRICED = ("traffic", "traffic_trace", "costs")  # of a cost: what it is scored at
PRICES = ("prices", "token_prices")

Key = tuple[str, str, str]  # profile, metric, target


@dataclass(frozen=True)
class Point:
    """What one campaign says of one promise of one target; ``seen`` is None where there is no value, and ``why`` why."""

    verdict: str
    seen: Seen | None
    beyond: Seen | None  # the share of requests that broke it
    limit: float | None
    unit: str
    why: str


@dataclass(frozen=True)
class Campaign:
    """One, as its report tells of it; ``label`` is its first day, with the time where two have the same."""

    label: str
    source: str
    said: Mapping[str, Any]
    points: Mapping[Key, Point]

    @property
    def about(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.said["campaign"]
        return found

    @property
    def fields(self) -> dict[str, Any] | None:
        """Everything that may change between two, by name; None where nothing was sealed."""
        about = self.about
        if about["sealed"] is None:
            return None
        more = {f"targets said.{t}": about["targets"][t] for t in about["targets"]}
        flat = {f"{name}.{k}": v for name, inner in more.items() for k, v in inner.items()}
        beside = {f"{group}.{k}": v for group in ("versions", "generator") for k, v in about[group].items()}
        plan = {"plan": about["plan"], "method": self.said["method"]}
        return {**plan, **about["sealed"], **beside, **flat, "model_time_scale": about["model_time_scale"]}


@dataclass(frozen=True)
class Step:
    """From the campaign ``before`` to ``after``, by their places; ``why`` no change is told where there is none."""

    key: Key
    before: int
    after: int
    change: Change | None
    why: Reason | None = None
    newest: bool = False
    p: float | None = None  # by Holm's correction over its family
    family: int = 0

    @property
    def comparable(self) -> bool:
        """Asked and judged the same."""
        return not isinstance(self.why, why.NotComparable)

    @property
    def lack(self) -> str:
        """Why no change is told; empty where one is."""
        return f"{'' if self.comparable else 'not comparable: '}{words.said(self.why)}" if self.why else ""

    @property
    def beyond(self) -> bool:
        """Whether it is shown to be more than chance, all of its family together."""
        return self.p is not None and self.p < ALPHA


@dataclass(frozen=True)
class Trend:
    """Campaigns in the order in which they began, and every step between neighbours."""

    campaigns: tuple[Campaign, ...]
    steps: tuple[Step, ...]
    older: int = 0  # that were left out
    undated: tuple[str, ...] = ()  # reports that do not say when they measured
    repeated: int = 0  # reports of a campaign that another one tells of

    @property
    def several(self) -> bool:
        """Whether there is anything to lay beside one another."""
        return len(self.campaigns) > 1

    @property
    def labels(self) -> dict[str, str]:
        """Of every target, as the newest report that has it calls it."""
        return {name: label for c in self.campaigns for name, label in c.about["labels"].items()}

    def step(self, key: Key, after: int) -> Step | None:
        """From the one before."""
        return next((s for s in self.steps if (s.key, s.before, s.after) == (key, after - 1, after)), None)

    @property
    def promises(self) -> tuple[tuple[str, str], ...]:
        """Profile and metric of each, those of the newest campaign first."""
        return tuple(dict.fromkeys(key[:2] for c in reversed(self.campaigns) for key in c.points))

    def targets(self, profile: str, metric: str) -> tuple[str, ...]:
        found = (key for c in reversed(self.campaigns) for key in c.points)
        return tuple(dict.fromkeys(key[2] for key in found if key[:2] == (profile, metric)))

    def family(self, *, newest: bool) -> tuple[Step, ...]:
        """The steps that were told of together."""
        return tuple(s for s in self.steps if s.newest is newest and s.p is not None)

    @property
    def untold(self) -> tuple[Step, ...]:
        return tuple(s for s in self.steps if s.change is None)


def trend_of(earlier: Sequence[tuple[str, Mapping[str, Any]]], now: Mapping[str, Any]) -> Trend:
    """Of one campaign alone where there is no other to lay beside it; all have the fields that ``earlier.as_earlier`` gives."""
    whole = [*earlier, (THIS, now)]
    undated = tuple(name for name, said in whole if not said["campaign"]["from_utc"])
    if THIS in undated:
        return Trend((), (), undated=undated)
    dated = [(name, said) for name, said in earlier if said["campaign"]["from_utc"]]
    latest: dict[tuple[Any, ...], tuple[str, Mapping[str, Any]]] = {}
    for name, said in sorted(dated, key=lambda one: str(one[1]["campaign"]["to_utc"])):
        latest[_same(said)] = (name, said)
    latest.pop(_same(now), None)
    repeated = len(dated) - len(latest)
    every = sorted(latest.values(), key=lambda one: str(one[1]["campaign"]["from_utc"]))
    kept = sorted([*every[-MOST:], (THIS, now)], key=lambda one: str(one[1]["campaign"]["from_utc"]))
    campaigns = tuple(_campaigns(kept))
    return Trend(campaigns, _steps(campaigns), max(0, len(every) - MOST), undated, repeated)


def between(a: tuple[str, Mapping[str, Any]], b: tuple[str, Mapping[str, Any]]) -> Trend:
    """Two campaigns in the order given, with the monthly costs that were not promised: the same changes, told the same."""
    campaigns = tuple(
        replace(c, points={**c.points, **{k: p for k, p in _months(c) if k not in c.points}})
        for c in _campaigns([a, b])
    )
    return Trend(campaigns, _steps(campaigns))


def one_campaign(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether both are reports of the same one."""
    return a["campaign"]["from_utc"] is not None and _same(a) == _same(b)


def _months(one: Campaign) -> Iterator[tuple[Key, Point]]:
    for name, cost in one.said["cost"].items():
        if month := cost["per_month"]:
            yield (EXPECTED, RUNTIME, name), Point("", _seen(month), None, None, MONEY, month["reason"] or "no value")


def _same(said: Mapping[str, Any]) -> tuple[Any, ...]:
    """Two reports of one campaign, one of them early, share their first run and their plan: they are no two campaigns."""
    about = said["campaign"]
    return about["from_utc"], about["plan"]


def _campaigns(kept: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Campaign]:
    days = [str(said["campaign"]["from_utc"])[:10] for _, said in kept]
    for (source, said), day in zip(kept, days, strict=True):
        moment = str(said["campaign"]["from_utc"])[:16].replace("T", " ")
        yield Campaign(moment if days.count(day) > 1 else day, source, said, dict(_points(said)))


def _points(said: Mapping[str, Any]) -> Iterator[tuple[Key, Point]]:
    seen: set[Key] = set()
    for v in said["slos"]:
        key = (str(v["profile"]), str(v["slo"]), str(v["target"]))
        if key not in seen and v["unit"] in FORMATS:
            seen.add(key)
            beyond = None if v["beyond"] is None else _seen(v["beyond"])
            yield key, Point(v["verdict"], _seen(v), beyond, v["limit"], v["unit"], v["reason"] or "no value")


def _seen(said: Mapping[str, Any]) -> Seen | None:
    if said["value"] is None:
        return None
    confidence = said["confidence"] if 0 < (said["confidence"] or 0) < 1 else USUAL_CONFIDENCE
    return Seen(said["value"], said["low"], said["high"], confidence, said["blocks"])


def _steps(campaigns: Sequence[Campaign]) -> tuple[Step, ...]:
    last = len(campaigns) - 1
    made = [
        _step(campaigns, key, place - 1, place, newest=place == last)
        for place in range(1, len(campaigns))
        for key in campaigns[place].points
        if key in campaigns[place - 1].points
    ]
    made += list(_crept(campaigns, made))
    families = [[k for k, s in enumerate(made) if s.newest is newest and s.change] for newest in (True, False)]
    found = judged([[s.change.p for k in family if (s := made[k]).change] for family in families])
    told = {
        k: (p, len(family)) for family, ps in zip(families, found, strict=True) for k, p in zip(family, ps, strict=True)
    }
    return tuple(_told(s, *told[k]) if k in told else s for k, s in enumerate(made))


def _crept(campaigns: Sequence[Campaign], neighbours: Sequence[Step]) -> Iterator[Step]:
    """From the first campaign of an unbroken row to the newest: steps too small to be told may add up."""
    last = len(campaigns) - 1
    joined = {(s.key, s.after) for s in neighbours if s.change}
    for key in campaigns[last].points:
        first = last
        while (key, first) in joined:
            first -= 1
        if last - first > 1:
            yield _step(campaigns, key, first, last, newest=True)


def _told(step: Step, p: float, family: int) -> Step:
    return replace(step, p=p, family=family)


def _step(campaigns: Sequence[Campaign], key: Key, before: int, after: int, *, newest: bool) -> Step:
    one, two = campaigns[before], campaigns[after]
    if other := incomparable(one, two, key):
        return Step(key, before, after, None, other, newest)
    a, b = one.points[key], two.points[key]
    pair = counted_in(a, b)
    if pair is None:
        return Step(key, before, after, None, why.NoValue(b.why if b.seen is None else a.why), newest)
    found = change(*pair)
    lacks = why.NoEnd() if size_of(*pair) is not None else why.NoRatio()
    return Step(key, before, after, found, None if found else lacks, newest)


def counted_in(a: Point, b: Point) -> tuple[Seen, Seen, By] | None:
    """The figures that a change is told of: values, or the shares beyond the limit where a value is infinite."""
    if a.seen and b.seen:
        return a.seen, b.seen, By.POINTS if b.unit == "share" else By.TIMES
    return (a.beyond, b.beyond, By.POINTS) if a.beyond and b.beyond else None


def incomparable(one: Campaign, two: Campaign, key: Key) -> why.NotComparable | None:
    """Why no change may be told between two campaigns; None where it may."""
    a, b = one.points[key], two.points[key]
    methods = [c.said["method"] for c in (one, two)]
    if methods[0] != methods[1] and not set(methods) <= ALIKE:
        return why.JudgedOtherwise(*methods)
    if (a.limit, a.unit) != (b.limit, b.unit):
        return why.OtherPromise(a.limit, a.unit, b.limit, b.unit)
    scales = [c.about["model_time_scale"] for c in (one, two)]
    if scales[0] != scales[1]:
        return why.OtherModelTime(*scales)
    sealed = [c.about["sealed"] for c in (one, two)]
    if None in sealed:
        return why.WithoutSeal()
    differ = sorted(n for n in {*sealed[0], *sealed[1]} if sealed[0].get(n) != sealed[1].get(n))
    asked = PRICED if b.unit == MONEY else (*ASKED, f"profiles.{key[0]}")
    if other := [n for n in differ if _among(n, asked)]:
        return why.AskedOtherwise(tuple(other))
    prices = [n for n in differ if b.unit == MONEY and _among(n, PRICES)]
    return why.OtherPrices(tuple(prices)) if prices else None


def _among(name: str, groups: Sequence[str]) -> bool:
    return any(name == group or name.startswith(f"{group}.") for group in groups)


def configured(trend: Trend) -> Iterator[tuple[str, str, Any, Any]]:
    """What was otherwise than in the campaign before: label, field, then, now; None of what was not there."""
    for one, two in pairwise(trend.campaigns):
        then, now = one.fields, two.fields
        if then is None or now is None:
            yield two.label, "seal", None if then is None else then["plan"], None if now is None else now["plan"]
            continue
        for name in sorted({*then, *now}):
            if then.get(name) != now.get(name):
                yield two.label, name, then.get(name), now.get(name)
