"""Held out: each block, and each rate where several were measured, predicted from the others and laid beside what it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.columns import Array
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.keepalive import hour_of
from harness.analysis.quantiles import inverted_cdf
from harness.domain.role import PACED, Role
from harness.predict import observed
from harness.predict.drawn import drawn
from harness.predict.fitted import Fitted
from harness.predict.outcome import Outcome
from harness.predict.played import fleet, in_hour, mixed, play_at, quantiles
from harness.predict.prediction import Quantity

BLOCK, PROFILE = "block", "profile"
LEAST_BLOCKS = 3
MOST_PLAYED = 4_000_000  # requests, of one target: half a minute; beyond that some blocks tell it, from first to last
LEAST_KEPT_OUT = 6
MOST_AGAIN = 12  # runs that are given again: whether half of them fit is told by a dozen, however many were measured
WORLDS = 45
HELD = (Quantity.P95, Quantity.TTFT_P95, Quantity.COLD_SHARE, Quantity.REFUSED_SHARE)


@dataclass(frozen=True)
class Held:
    """One run that was kept out: what it measured, and what the others say of it with their interval for one block.

    ``without``: what was kept out with it: its block, or its whole profile.
    """

    target: str
    profile: str
    block: int
    quantity: Quantity
    measured: float
    value: float
    low: float
    high: float
    without: str = BLOCK

    @property
    def covered(self) -> bool:
        return self.low <= self.measured <= self.high

    @property
    def error(self) -> float | None:
        """Relative; of refusals in points. None where either is infinite, and of what was not there at all."""
        if self.quantity is Quantity.REFUSED_SHARE:
            return abs(self.value - self.measured)
        if self.value == self.measured:
            return 0.0
        if not (math.isfinite(self.value) and math.isfinite(self.measured)) or self.measured == 0:
            return None
        return abs(self.value / self.measured - 1)


@dataclass(frozen=True)
class Row:
    """All of one quantity and target."""

    target: str
    without: str
    quantity: Quantity
    held: int
    covered: int
    median_error: float | None
    worst_error: float | None


@dataclass(frozen=True)
class Validation:
    """``few``: targets with too few blocks to keep one out; ``sampled``: of which only so many of their blocks were."""

    held: tuple[Held, ...]
    few: tuple[tuple[str, int], ...] = ()
    sampled: tuple[tuple[str, int, int], ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        keys = dict.fromkeys((h.target, h.without, h.quantity) for h in self.held)
        return tuple(_row(*k, [h for h in self.held if (h.target, h.without, h.quantity) == k]) for k in keys)


def _row(target: str, without: str, quantity: Quantity, held: Sequence[Held]) -> Row:
    errors = [h.error for h in held if h.error is not None]
    median = float(np.median(errors)) if errors else None
    return Row(target, without, quantity, len(held), sum(h.covered for h in held), median, max(errors, default=None))


Step = Callable[[], None]


def validated(
    data: Dataset,
    fits: Mapping[str, Fitted],
    seed: int,
    step: Step = lambda: None,
    worlds: int = WORLDS,
    most_played: int = MOST_PLAYED,
) -> Validation:
    """Every block of every target from the others; every profile from the others, where there are several.

    ``fits``: of each target, to all that was measured. Of more than can be played in a while, blocks from first to last.
    """
    held: list[Held] = []
    few: list[tuple[str, int]] = []
    sampled: list[tuple[str, int, int]] = []
    profiles = data.in_role(*PACED)
    bursts = data.in_role(Role.BURST)

    def cause(run: RunData) -> str:
        return "burst" if run.profile in bursts else "traffic"

    for target in dict.fromkeys(data.targets):
        runs = [run for profile in profiles for run in data.of(target, profile)]
        fitted = fits[target]
        if fitted.blocks < LEAST_BLOCKS or fitted.scaling is None:
            few.append((target, fitted.blocks))
            continue
        blocks = sorted({run.block for run in runs})
        asked = worlds * sum(len(run.measured) for run in runs)
        most = max(LEAST_KEPT_OUT, len(blocks) * most_played // max(1, asked))
        kept_out = {blocks[k] for k in _spread(len(blocks), most)}
        if len(kept_out) < len(blocks):
            sampled.append((target, len(kept_out), len(blocks)))
        for block in blocks:
            if block in kept_out:
                others = fitted.without(block=block)
                held += [
                    h for run in runs if run.block == block for h in held_out(run, others, seed, worlds, cause(run))
                ]
            step()
        for profile in profiles if len(profiles) > 1 else ():
            others = fitted.without(profile=profile)
            its = [run for run in runs if run.profile == profile and run.block in kept_out]
            some = [h for run in its for h in held_out(run, others, seed, worlds, cause(run))]
            held += [replace(h, without=PROFILE) for h in some]
    return Validation(tuple(held), tuple(few), tuple(sampled))


def _spread(count: int, most: int) -> Collection[int]:
    """So many of so many at most, from the first to the last."""
    return set(np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist())


def unlike(data: Dataset, fitted: Fitted, seed: int, again: int) -> dict[Quantity, tuple[int, int]]:
    """Of everyday runs, or a dozen from first to last, how many the fitted worlds give again: less than half is no fit.

    And of how many. All that fit are left out.
    """
    if fitted.scaling is None:
        return {}
    every = [run for profile in data.in_role(Role.EVERYDAY) for run in data.of(fitted.target, profile)]
    runs = [every[k] for k in sorted(_spread(len(every), MOST_AGAIN))]
    held = [h for run in runs for h in held_out(run, fitted, seed, again)]
    rows = [_row(fitted.target, BLOCK, q, [h for h in held if h.quantity is q]) for q in HELD]
    return {r.quantity: (r.covered, r.held) for r in rows if r.held >= LEAST_BLOCKS and r.covered < r.held / 2}


@dataclass(frozen=True)
class Replay:
    """One run's arrivals played in one world of one block; a share of its requests fails whatever the load."""

    outcome: Outcome
    failing: float


def replays(run: RunData, fitted: Fitted, seed: int, worlds: int, cause: str = "traffic") -> list[Replay]:
    """At the very arrivals of the run; empty where nothing was measured, or there is nothing to play with."""
    at = np.asarray(run.columns["scheduled_s"], dtype=float)
    if not run.measured.any() or not fitted.parts:
        return []
    there, before_s = observed.warm_at_start(run), _settling(fitted)
    due, warm_s = before_s + np.sort(at), before_s + float(at[run.measured].min())
    due = np.concatenate([np.zeros(there), due])  # each of the first starts one of those that were there before
    rng = np.random.default_rng([seed, run.block, 3])
    found = []
    for _ in range(worlds):
        world = drawn(fitted, rng, one_block=True, cause=cause)
        of = in_hour(fleet(world, fitted.retry, math.inf, rng), hour_of(run))
        outcome = play_at(of, [due], float(due[-1]) + 1e-6, warm_s, int(rng.integers(2**31)))
        found.append(Replay(outcome, world.failing))
    return found


def held_out(run: RunData, fitted: Fitted, seed: int, worlds: int, cause: str = "traffic") -> Iterator[Held]:
    """Every quantity that the run measured, beside what its replays have."""
    played = replays(run, fitted, seed, worlds, cause)
    for quantity in HELD:
        was = _measured(quantity, run)
        known = [v for one in played if not math.isnan(v := _played(quantity, one.outcome, one.failing))]
        if was is None or not known:
            continue
        low, high = quantiles(known)
        yield Held(run.target, run.profile, run.block, quantity, was, float(np.median(known)), low, high)


def _settling(fitted: Fitted) -> float:
    """Seconds after which what a run found there is idle: a start and an answer."""
    starts = [float(s.beyond_s.max()) for s in fitted.starts if len(s.beyond_s)]
    return max(starts, default=0.0) + max(float((p.runtime_s + p.model_s).max()) for p in fitted.parts)


def _measured(quantity: Quantity, run: RunData) -> float | None:
    chosen = run.measured
    match quantity:
        case Quantity.P95:
            return _p95(run.response_s[chosen])
        case Quantity.TTFT_P95:
            return _p95(run.ttft_s[chosen & ~np.isnan(run.ttft_s)])
        case Quantity.COLD_SHARE:
            known = [c for c in run.columns["cold"][chosen & run.ok] if c is not None]
            return sum(known) / len(known) if known else None
        case _:
            return float(run.refused[chosen].mean())


def _p95(values: Array) -> float | None:
    return float(inverted_cdf(values, 0.95)) if len(values) else None


def _played(quantity: Quantity, of: Outcome, failing: float) -> float:
    match quantity:
        case Quantity.P95 | Quantity.TTFT_P95:
            law = of.response if quantity is Quantity.P95 else of.first_token
            return mixed([law], [1.0], 0.95 / (1 - failing)) if failing < 1 else math.inf
        case Quantity.COLD_SHARE:
            return of.cold_share
        case _:
            return of.refused_share
