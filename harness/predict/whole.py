"""Every target at every factor: what ``pilot predict`` asks, with how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.analysis import spend
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.spend import BlockUsage
from harness.campaign.progress import Progress, bar, duration
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.looks import look
from harness.domain.own_costs import OwnCost
from harness.domain.quota import Granted
from harness.domain.reasons import absence
from harness.domain.retry import RetryPolicy
from harness.domain.target import Target
from harness.evidence.store import Store
from harness.platforms.registry import billing_of
from harness.platforms.scaling import Grows, Scaling
from harness.predict.billed import Each, each, played_beside
from harness.predict.crossings import Break, Crossing, Limit, Sees, between, breaks, crossings, seen
from harness.predict.drawn import central
from harness.predict.fitted import Fitted, facts_of, fit
from harness.predict.granted import STATED, as_seen, granted, room, stated, within
from harness.predict.growth import scaling_of
from harness.predict.loads import MonthOf, month_of
from harness.predict.parameter import From, Parameter, What
from harness.predict.predict import USUAL, USUAL_START_S, Asked, Effort, at_rest, predicted
from harness.predict.prediction import AtTraffic, Billed, Prediction, Quantity
from harness.predict.settings import Asked as Change
from harness.predict.settings import Variant, variants
from harness.predict.validate import Validation, unlike, validated
from harness.workspace import Workspace
from harness.workspace.trace_csv import read_trace

SHOWN = (0.1, 0.3, 3.0, 10.0, 30.0, 100.0)  # factors of a report's chart, beside 1
SPLITS = 2  # times that the stretch in which the costs cross is halved
QUICK = Effort(
    same=2, worlds=17, requests=450, world_requests=450
)  # 19 plays: the fewest that give an interval of 90 %
ONE = Effort(same=2, worlds=0, requests=2000)
PLAIN_EVERY_S = 15.0  # of a line where nobody sees the bar
COUNTS = frozenset({"min_instances", "max_instances"})  # a fleet whose size is asked for is not sized


@dataclass(frozen=True)
class Wanted:
    """Factors of the traffic, a trace in its place, settings laid over the targets; and how much it is played."""

    factors: tuple[float, ...] = (1.0,)
    trace: Path | None = None
    changes: tuple[Change, ...] = ()
    effort: Effort = USUAL


def predictions(
    workspace: Workspace, data: Dataset, wanted: Wanted, progress: Progress, seed: int | None
) -> Prediction:
    """Of both targets; raises Refused for a setting that neither has, BadFile for a trace that cannot be read."""
    traffic = month_of(workspace) if wanted.trace is None else MonthOf.of_trace(read_trace(wanted.trace))
    of = asked(workspace, data, wanted, traffic)
    seed = workspace.config.pilot.seed if seed is None else seed
    return _predicted(of, traffic, wanted.factors, progress, seed, wanted.effort)


def _predicted(
    of: Mapping[str, Asked],
    traffic: MonthOf,
    factors: Sequence[float],
    progress: Progress,
    seed: int,
    effort: Effort,
) -> Prediction:
    step = _steps(progress, len(of) * len(factors) * effort.plays, "playing months")
    at = tuple(predicted(one, factor, seed, effort, step) for one in of.values() for factor in factors)
    known = {name: one.fitted for name, one in of.items()}
    return Prediction(
        traffic.name,
        at,
        {name: (*fitted.parameters, *_started(fitted), *_speed(of[name])) for name, fitted in known.items()},
        {name: fitted.changed for name, fitted in known.items()},
        {name: fitted.driven.per_s for name, fitted in known.items()},
    )


def _started(fitted: Fitted) -> tuple[Parameter, ...]:
    """What a start is taken to add to a bill, where none was measured."""
    if fitted.starts or fitted.scaling is None or fitted.scaling.grows is Grows.FIXED:
        return ()
    low, value, high = USUAL_START_S
    source = "none was measured: anything usual; of the cost alone, the rest is refused where starts matter"
    return (Parameter(What.START, "s", value, low, high, From.ASSUMED, source),)


def _speed(one: Asked) -> tuple[Parameter, ...]:
    """How fast an instance is taken to be, where it was given other processors."""
    low, value, high = one.speeds
    if low == high:
        return ()
    source = "--set vcpus: between as fast as before and in proportion to the processors; their square root"
    return (Parameter(What.SPEED, "times the measured", value, low, high, From.ASSUMED, source),)


@dataclass(frozen=True)
class Sealed:
    """Both targets at the sealed traffic; what else is asked of them is played in the same worlds."""

    traffic: MonthOf
    asked: Mapping[str, Asked]
    prediction: Prediction
    seed: int
    effort: Effort = USUAL

    def at(self, target: str, factor: float = 1.0) -> AtTraffic:
        """Played, if it was not yet."""
        there = (one for one in self.prediction.at if (one.target, one.factor) == (target, factor))
        return next(there, None) or predicted(self.asked[target], factor, self.seed, self.effort)

    def variant(self, target: Target, like: str) -> Known:
        """USD of a month of a target that answers as ``like`` was measured to."""
        one = self.asked[like]
        if target.name == like:
            return self.at(like).of(Quantity.COST).known
        fitted = replace(one.fitted, scaling=scaling_of(target, {}))
        of = replace(one, target=target, fitted=fitted, in_file=None)
        return predicted(of, 1.0, self.seed, QUICK).of(Quantity.COST).known

    def part(self, target: str, traffic: MonthOf, *, beside: tuple[OwnCost, ...] | None = None) -> Billed | None:
        """The bill of a month of a part of the traffic, at the size that is declared; None where the whole month's cost can't be told.

        ``beside``: the team's own lines in it, in place of the target's.
        """
        if (one := self._declared(target, beside)) is None:
            return None
        return predicted(replace(one, traffic=traffic), 1.0, self.seed, ONE, refuses=False).billed

    def resting(self, target: str, *, beside: tuple[OwnCost, ...] | None = None) -> Billed | None:
        """As ``part``, of a month in which it gets nothing."""
        one = self._declared(target, beside)
        return None if one is None else at_rest(one)

    def _declared(self, target: str, beside: tuple[OwnCost, ...] | None) -> Asked | None:
        if not isinstance(self.at(target).of(Quantity.COST).known, Estimate):
            return None
        one = replace(self.asked[target], sized=False)
        return one if beside is None else replace(one, target=replace(one.target, beside=beside))


def sealed(workspace: Workspace, data: Dataset, effort: Effort = USUAL) -> Sealed:
    """What page one and the decision say of each target: with all the effort, cost at the level of the look that ``data`` is at."""
    traffic, seed = month_of(workspace), workspace.config.pilot.seed
    of = asked(workspace, data, Wanted(effort=effort), traffic)
    return Sealed(traffic, of, _predicted(of, traffic, (1.0,), Progress(quiet=True), seed, effort), seed, effort)


@dataclass(frozen=True)
class Volumes:
    """The sealed traffic and factors of it: where the costs cross, and where promises break."""

    prediction: Prediction
    crossings: tuple[Crossing, ...]
    breaks: tuple[Break, ...]
    seen: tuple[Sees, ...]


def volumes(sealed: Sealed, limits: Sequence[Limit], progress: Progress) -> Volumes:
    """Played with less effort than the sealed traffic itself, and once more where the costs cross."""
    effort = QUICK.at_most(sealed.effort)
    there = _predicted(sealed.asked, sealed.traffic, SHOWN, progress, sealed.seed, effort)
    at = [*sealed.prediction.at, *there.at]
    for _ in range(SPLITS if len(sealed.asked) == 2 else 0):
        if (factor := between(at)) is None:
            break
        at += [predicted(one, factor, sealed.seed, effort) for one in sealed.asked.values()]
    every = tuple(sorted(at, key=lambda one: (one.target, one.factor)))
    fleets = {name: _sustains(one) for name, one in sealed.asked.items() if _capacity(one)}
    crossed = crossings(every, fleets) if len(sealed.asked) == 2 else ()
    return Volumes(replace(sealed.prediction, at=every), crossed, breaks(every, limits), seen(every, limits))


def _capacity(one: Asked) -> bool:
    billing = billing_of(one.target)
    return billing is not None and not billing.by_use


def _sustains(one: Asked) -> float:
    """Requests a second that one instance was measured to sustain; 0: it was not, or it answered nothing at all."""
    return central(one.fitted).per_instance_per_s or 0.0 if one.fitted.parts else 0.0


@dataclass(frozen=True)
class Foretold:
    """What a report says of your traffic, and how such predictions fared."""

    prediction: Prediction
    validation: Validation


def months_of(workspace: Workspace, data: Dataset, targets: Sequence[Target]) -> dict[str, Known]:
    """USD of a month of each setting of a sweep at the sealed traffic, as its rounds say: they are compared, so nothing is refused."""
    of, seed = asked(workspace, data, Wanted(), month_of(workspace), targets), workspace.config.pilot.seed
    made = {name: predicted(one, 1.0, seed, QUICK, refuses=False) for name, one in of.items()}
    return {name: one.of(Quantity.COST).known for name, one in made.items()}


def asked(
    workspace: Workspace, data: Dataset, wanted: Wanted, traffic: MonthOf, of: Sequence[Target] = ()
) -> dict[str, Asked]:
    """Both targets, or those ``of`` which it is, fitted, with what is asked of them."""
    targets = of or [workspace.target(name) for name in dict.fromkeys(data.targets)]
    facts = {t.name: facts_of([run for run in data.runs if run.target == t.name]) for t in targets}
    slo = workspace.config.slo
    judged = [p for p in slo.profiles or data.paired if p in data.profiles]
    profile = spend.cost_profile(data, judged)
    as_is, changed = variants(targets, facts, ()), variants(targets, facts, wanted.changes)
    level, limits = look(len(data.blocks_valid), data.blocks_planned).confidence, granted(Store(workspace.evidence))
    free = {c.target for c in wanted.changes if c.name == "max_instances"}  # somebody asks what another limit would do
    out: dict[str, Asked] = {}
    for target in targets:
        made, was = changed[target.name], as_is[target.name]
        mine = () if free & {None, target.name} else (*limits, *stated(target))
        if mine:
            made, was = (_within(one, limits) for one in (made, was))
        fitted = _fitted(workspace, data, made)
        before = _fitted(workspace, data, was) if made != was else fitted
        sized = not any(c.name in COUNTS and c.target in (None, target.name) for c in wanted.changes)
        each_one, blocks = _each(target, fitted, data.of(target.name, profile), (slo.p95_s, slo.ttft_p95_s))
        out[target.name] = Asked(
            made.target,
            _as_metered(fitted, each_one, blocks),
            each_one,
            traffic,
            workspace.config.load.deadline_s,
            sized,
            _unlike(workspace, data, was, before, wanted.effort.again),
            level,
            made.speeds,
            blocks,
            room=None if made.scaling is None else room(made.scaling, target.name, mine),
            in_file=None if was.scaling is None else was.scaling.least.value,
        )
    return out


def _as_metered(fitted: Fitted, one: Each | Unknown, blocks: Sequence[BlockUsage]) -> Fitted:
    """Where no answer names its instance: what one carried as the measured arrivals are played, for those were carried."""
    if fitted.driven.per_active_per_s is not None or isinstance(one, Unknown):
        return fitted
    pairs = zip(blocks, one.blocks, strict=True)
    seen = [float(b.usage.requests) / beside.active_s for b, beside in pairs if beside.active_s]
    return replace(fitted, driven=replace(fitted.driven, per_active_per_s=max(seen))) if seen else fitted


def _each(
    target: Target, fitted: Fitted, runs: Sequence[RunData], limits: tuple[float, float | None]
) -> tuple[Each | Unknown, tuple[BlockUsage, ...]]:
    """What one request uses of the blocks that can be priced, and those; or why none can."""
    blocks = spend.blocks_of(target, runs, *limits)
    kept, gap = spend.priced(target, blocks)
    some = tuple(blocks[k] for k in kept)
    if gap is not None:
        return gap, some
    one = each(some)
    if one is None:
        return Unknown(absence.NoSuccess()), some
    return played_beside(one, fitted, [runs[k] for k in kept]), some


def _within(one: Variant, limits: Sequence[Granted]) -> Variant:
    """As its account limits it."""
    if one.scaling is None:
        return one
    name, read = one.target.name, within(one.scaling, one.target.name, limits)
    return replace(one, scaling=within(read, name, stated(one.target), STATED))


def _fitted(workspace: Workspace, data: Dataset, made: Variant) -> Fitted:
    of = _told_apart(workspace, made)
    fitted = as_seen(data.once(("fitted", *of), lambda: fit(of[0], data, *of[1:])))
    return replace(fitted, changed=made.changed)


def _unlike(
    workspace: Workspace, data: Dataset, made: Variant, fitted: Fitted, again: int
) -> Mapping[Quantity, tuple[int, int]]:
    key = ("unlike", again, *_told_apart(workspace, made))
    return data.once(key, lambda: unlike(data, fitted, workspace.config.pilot.seed, again))


def _told_apart(workspace: Workspace, made: Variant) -> tuple[str, Scaling | None, RetryPolicy, int, float]:
    """What a fit to one dataset depends on."""
    return made.target.name, made.scaling, workspace.retry(), workspace.config.pilot.seed, made.speeds[1]


def held_out(workspace: Workspace, data: Dataset, progress: Progress, seed: int | None) -> Validation:
    """Of both targets, block by block."""
    targets = [workspace.target(name) for name in dict.fromkeys(data.targets)]
    facts = {t.name: facts_of([run for run in data.runs if run.target == t.name]) for t in targets}
    fits = {name: _fitted(workspace, data, made) for name, made in variants(targets, facts, ()).items()}
    return _held_out(data, fits, progress, workspace.config.pilot.seed if seed is None else seed)


def _held_out(data: Dataset, fits: Mapping[str, Fitted], progress: Progress, seed: int) -> Validation:
    step = _steps(progress, len(fits) * len(data.blocks_valid), "keeping blocks out")
    return validated(data, fits, seed, step)


def _steps(progress: Progress, whole: int, what: str) -> Callable[[], None]:
    """Counts, and says how far it is and how long it still takes."""
    began, done = time.monotonic(), 0
    said = began

    def step() -> None:
        nonlocal done, said
        done += 1
        now = time.monotonic()
        left_s = (now - began) / done * max(0, whole - done)
        progress.work(f"{what}  {bar(done, whole)}  left {duration(left_s)}")
        if now - said > PLAIN_EVERY_S:
            said = now
            progress.say(f"{what}: {min(100, 100 * done // whole)} %, left {duration(left_s)}")

    return step
