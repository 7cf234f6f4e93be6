"""Every target at every factor: what ``pilot predict`` asks, with how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.analysis import spend
from harness.analysis.dataset import Dataset
from harness.campaign.progress import Progress, bar, duration
from harness.predict.billed import each, played_beside
from harness.predict.fitted import Fitted, facts_of, fit
from harness.predict.loads import MonthOf, month_of
from harness.predict.predict import USUAL, Asked, Effort, predicted
from harness.predict.prediction import Prediction
from harness.predict.settings import Asked as Change
from harness.predict.settings import Variant, variants
from harness.predict.validate import Validation, unlike, validated
from harness.workspace import Workspace
from harness.workspace.trace_csv import read_trace

SHOWN = (0.1, 0.3, 3.0, 10.0, 30.0, 100.0)  # factors of a report's chart, beside 1
QUICK = Effort(same=2, worlds=17, requests=450)  # 19 plays: the fewest of which an interval of 90 % can be told
PLAIN_EVERY_S = 15.0  # of a line where nobody sees the bar
COUNTS = frozenset({"min_instances", "max_instances"})  # a fleet whose size is asked for is not sized


@dataclass(frozen=True)
class Wanted:
    """Factors of the traffic, a trace in its place, settings laid over the targets."""

    factors: tuple[float, ...] = (1.0,)
    trace: Path | None = None
    changes: tuple[Change, ...] = ()


def predictions(
    workspace: Workspace, data: Dataset, wanted: Wanted, progress: Progress, seed: int | None, effort: Effort = USUAL
) -> Prediction:
    """Of both targets; raises Refused for a setting that neither has, BadFile for a trace that cannot be read."""
    traffic = month_of(workspace) if wanted.trace is None else MonthOf.of_trace(read_trace(wanted.trace))
    asked = _asked(workspace, data, wanted, traffic)
    seed = workspace.config.pilot.seed if seed is None else seed
    return _predicted(asked, traffic, wanted.factors, progress, seed, effort)


def _predicted(
    asked: Mapping[str, Asked],
    traffic: MonthOf,
    factors: Sequence[float],
    progress: Progress,
    seed: int,
    effort: Effort,
) -> Prediction:
    step = _steps(progress, len(asked) * len(factors) * effort.plays, "playing months")
    at = tuple(predicted(one, factor, seed, effort, step) for one in asked.values() for factor in factors)
    known = {name: one.fitted for name, one in asked.items()}
    return Prediction(
        traffic.name,
        at,
        {name: fitted.parameters for name, fitted in known.items()},
        {name: fitted.changed for name, fitted in known.items()},
        {name: fitted.driven.per_s for name, fitted in known.items()},
    )


@dataclass(frozen=True)
class Foretold:
    """What a report says of your traffic, and how such predictions fared."""

    prediction: Prediction
    validation: Validation


def foretold(workspace: Workspace, data: Dataset, progress: Progress) -> Foretold:
    """At the sealed traffic with all the effort, at factors of it with less."""
    traffic, seed = month_of(workspace), workspace.config.pilot.seed
    asked = _asked(workspace, data, Wanted(), traffic)
    here = _predicted(asked, traffic, (1.0,), progress, seed, USUAL)
    there = _predicted(asked, traffic, SHOWN, progress, seed, QUICK)
    at = tuple(sorted((*here.at, *there.at), key=lambda one: (one.target, one.factor)))
    return Foretold(
        replace(here, at=at), _held_out(data, {name: one.fitted for name, one in asked.items()}, progress, seed)
    )


def _asked(workspace: Workspace, data: Dataset, wanted: Wanted, traffic: MonthOf) -> dict[str, Asked]:
    targets = [workspace.target(name) for name in dict.fromkeys(data.targets)]
    facts = {t.name: facts_of([run for run in data.runs if run.target == t.name]) for t in targets}
    slo = workspace.config.slo
    judged = [p for p in slo.profiles or data.paired if p in data.profiles]
    profile = spend.cost_profile(data, judged)
    as_is, changed = variants(targets, facts, ()), variants(targets, facts, wanted.changes)
    out: dict[str, Asked] = {}
    for target in targets:
        made, was = changed[target.name], as_is[target.name]
        fitted = _fitted(workspace, data, made)
        before = _fitted(workspace, data, was) if made != was else fitted
        blocks = spend.blocks_of(target, data.of(target.name, profile), slo.p95_s, slo.ttft_p95_s)
        sized = not any(c.name in COUNTS and c.target in (None, target.name) for c in wanted.changes)
        deadline_s = workspace.config.load.deadline_s
        one = each(blocks)
        if one is not None:
            one = played_beside(one, fitted, data.of(target.name, profile), blocks)
        again = unlike(data, before, workspace.config.pilot.seed)
        out[target.name] = Asked(made.target, fitted, one, traffic, deadline_s, sized, again)
    return out


def _fitted(workspace: Workspace, data: Dataset, made: Variant) -> Fitted:
    seed = workspace.config.pilot.seed
    fitted = fit(made.target.name, data, made.scaling, workspace.retry(), seed, made.processors)
    return replace(fitted, changed=made.changed)


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
