"""Held out: each block, and each rate where several were measured, predicted from the others and laid beside what it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.columns import Array
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.quantiles import inverted_cdf
from harness.domain.retry import RetryPolicy
from harness.domain.role import Role
from harness.platforms.scaling import Scaling
from harness.predict.drawn import drawn
from harness.predict.fitted import Fitted, fit
from harness.predict.outcome import Outcome
from harness.predict.played import fleet, play_at, quantiles
from harness.predict.prediction import Quantity

LEAST_BLOCKS = 3
WORLDS = 60
SAME = {Quantity.COLD_SHARE, Quantity.REFUSED_SHARE}  # shares: an error is in points, not relative
HELD = (Quantity.P95, Quantity.TTFT_P95, Quantity.COLD_SHARE, Quantity.REFUSED_SHARE)


@dataclass(frozen=True)
class Held:
    """One run that was kept out: what it measured, and what the others say of it with their interval for one block."""

    target: str
    profile: str
    block: int
    quantity: Quantity
    measured: float
    value: float
    low: float
    high: float

    @property
    def covered(self) -> bool:
        return self.low <= self.measured <= self.high

    @property
    def error(self) -> float | None:
        """Relative; of shares in points. None where either is infinite."""
        if self.quantity in SAME:
            return abs(self.value - self.measured)
        if not (math.isfinite(self.value) and math.isfinite(self.measured)) or self.measured == 0:
            return None
        return abs(self.value / self.measured - 1)


@dataclass(frozen=True)
class Row:
    """All of one quantity and target."""

    target: str
    quantity: Quantity
    held: int
    covered: int
    median_error: float | None
    worst_error: float | None


@dataclass(frozen=True)
class Validation:
    """``few``: targets with too few blocks to keep one out."""

    held: tuple[Held, ...]
    few: tuple[tuple[str, int], ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        keys = dict.fromkeys((h.target, h.quantity) for h in self.held)
        return tuple(_row(*key, [h for h in self.held if (h.target, h.quantity) == key]) for key in keys)


def _row(target: str, quantity: Quantity, held: Sequence[Held]) -> Row:
    errors = [h.error for h in held if h.error is not None]
    median = float(np.median(errors)) if errors else None
    return Row(target, quantity, len(held), sum(h.covered for h in held), median, max(errors, default=None))


Step = Callable[[], None]


def validated(
    data: Dataset, scalings: dict[str, Scaling | None], retry: RetryPolicy, seed: int, step: Step = lambda: None
) -> Validation:
    """Every block of every target; a profile whose rate differs is predicted from the blocks of the others alone."""
    held: list[Held] = []
    few: list[tuple[str, int]] = []
    profiles = data.in_role(Role.EVERYDAY, Role.BURST)
    for target in dict.fromkeys(data.targets):
        scaling = scalings[target]
        blocks = sorted({run.block for p in profiles for run in data.of(target, p)})
        if len(blocks) < LEAST_BLOCKS or scaling is None:
            few.append((target, len(blocks)))
            continue
        for block in blocks:
            others = data.at([b for b in blocks if b != block])
            fitted = fit(target, others, scaling, retry, seed)
            for profile in profiles:
                for run in data.of(target, profile):
                    if run.block == block and fitted.parts:
                        held += _held(run, fitted, seed)
            step()
        if len(profiles) > 1:
            held += _rates(data, target, scaling, retry, seed, profiles)
    return Validation(tuple(held), tuple(few))


def _rates(
    data: Dataset, target: str, scaling: Scaling, retry: RetryPolicy, seed: int, profiles: Sequence[str]
) -> Iterator[Held]:
    """Each profile from the others, its blocks one by one."""
    for profile in profiles:
        others = replace(data, runs=tuple(r for r in data.runs if r.profile != profile))
        fitted = fit(target, others, scaling, retry, seed)
        if fitted.parts:
            for run in data.of(target, profile):
                yield from _held(run, fitted, seed)


def _held(run: RunData, fitted: Fitted, seed: int) -> Iterator[Held]:
    """Played at the very arrivals of the run, in worlds of one block each."""
    due = np.sort(np.asarray(run.columns["scheduled_s"], dtype=float))
    counted = np.asarray(run.columns["scheduled_s"], dtype=float)[run.measured]
    if not len(counted):
        return
    rng = np.random.default_rng([seed, run.block, 3])
    plays = []
    for _ in range(WORLDS):
        of = fleet(drawn(fitted, rng, one_block=True), fitted.retry, math.inf, rng)
        end_s, warm_s = float(due[-1]) + 1e-6, float(counted.min())
        plays.append(play_at(of, [due], end_s, warm_s, int(rng.integers(2**31))))
    for quantity in HELD:
        was = _measured(quantity, run)
        if was is None:
            continue
        values = [_played(quantity, p) for p in plays]
        known = [v for v in values if not math.isnan(v)]
        if not known:
            continue
        low, high = quantiles(known)
        yield Held(run.target, run.profile, run.block, quantity, was, float(np.median(known)), low, high)


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


def _played(quantity: Quantity, of: Outcome) -> float:
    match quantity:
        case Quantity.P95:
            return of.response.quantile(0.95)
        case Quantity.TTFT_P95:
            return of.first_token.quantile(0.95)
        case Quantity.COLD_SHARE:
            return of.cold_share
        case _:
            return of.refused_share
