"""Each run of a half predicted from runs of that half at another rate, and laid beside what it measured.

The model was made on the half ``develop``; ``judge`` was not looked at until it was done. Its figures are fitted anew in
each half: to one rate, and to the probes of the half. Keep-alive and capacity were searched once, for both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harness.analysis.dataset import Dataset, RunData, load
from harness.analysis.quantiles import inverted_cdf
from harness.domain.role import Role
from harness.evidence.store import Store
from harness.platforms.registry import scaling_of
from harness.predict.fitted import Fitted, facts_of, fit
from harness.predict.played import mixed, quantiles
from harness.predict.prediction import Quantity
from harness.predict.validate import Held, held_out, replays
from harness.workspace import Workspace, open_workspace

DEVELOP, JUDGE, ALL = "develop", "judge", "all"
BOUNDS = {Quantity.P95: 0.12, Quantity.TTFT_P95: 0.15, Quantity.COLD_SHARE: 0.20, Quantity.REFUSED_SHARE: 0.03}
WORLDS = 60


@dataclass(frozen=True)
class Cell:
    """Runs of one profile, predicted from one other; the error is that of their sums, as one long run would have it."""

    target: str
    fitted_at: str
    predicted_at: str
    quantity: Quantity
    name: str
    held: tuple[Held, ...]

    @property
    def measured(self) -> float:
        return float(np.mean([h.measured for h in self.held]))

    @property
    def value(self) -> float:
        return float(np.mean([h.value for h in self.held]))

    @property
    def error(self) -> float:
        """Relative; of refusals in points. The issue judges cold shares relative as well."""
        if self.quantity is Quantity.REFUSED_SHARE:
            return abs(self.value - self.measured)
        return 0.0 if self.value == self.measured else abs(self.value / self.measured - 1) if self.measured else np.inf

    @property
    def surely_beyond(self) -> bool:
        """Beyond the bound though two standard errors of its runs' differences are taken off: few runs measure not much better."""
        off = [h.value - h.measured for h in self.held]
        if self.met or len(off) < 2 or not np.isfinite([*off, self.error]).all():
            return not self.met
        error = 2 * float(np.std(off, ddof=1)) / math.sqrt(len(off))
        scale = 1.0 if self.quantity is Quantity.REFUSED_SHARE else self.measured
        return self.error - error / scale > BOUNDS[self.quantity]

    @property
    def told(self) -> tuple[Held, ...]:
        """Whose interval could miss: not those where nothing else was possible, as no cold answer of a fixed fleet."""
        return tuple(h for h in self.held if not h.low == h.measured == h.high)

    @property
    def covered(self) -> int:
        return sum(h.covered for h in self.told)

    @property
    def met(self) -> bool:
        return self.error <= BOUNDS[self.quantity]


def judged(folder: Path, half: str) -> None:
    """Prints the cells, then how many held-out runs the intervals cover."""
    workspace = open_workspace(folder)
    store = Store(workspace.evidence)
    made = store.plan()
    assert made is not None
    data = _half(load(store, made), half)
    cells = [cell for name in data.targets for cell in _cells(workspace, data, name)]
    head = f"{'target':16} {'from':8} {'at':10} {'quantity':26} {'predicted':>9} {'measured':>9} {'error':>7}"
    print(f"{head}  {'a run':>6} {'worst':>6}  covered")
    for cell in cells:
        print(_line(cell))
    print()
    for quantity in BOUNDS:
        some = [c for c in cells if c.quantity is quantity and c.told]
        covered, count = sum(c.covered for c in some), sum(len(c.told) for c in some)
        runs = len({(h.target, h.profile, h.block) for c in some for h in c.told})
        print(
            f"{quantity.value:26} {sum(c.met for c in some)} of {len(some)} cells within bounds,"
            f" {sum(c.surely_beyond for c in some)} beyond by more than their runs' own error;"
            f" intervals cover {covered} of {count} ({covered / count:.0%}), {runs} runs"
        )
    covered, count = sum(c.covered for c in cells), sum(len(c.told) for c in cells)
    print(f"{'all':26} intervals cover {covered} of {count} ({covered / count:.1%})")


def _line(cell: Cell) -> str:
    errors = [_error(h) for h in cell.held]
    share = cell.quantity in (Quantity.COLD_SHARE, Quantity.REFUSED_SHARE)
    value, measured = (f"{100 * v:8.2f}%" if share else f"{v:8.3f}s" for v in (cell.value, cell.measured))
    return (
        f"{cell.target:16} {cell.fitted_at:8} {cell.predicted_at:10} {cell.name:26} {value:>9} {measured:>9} {cell.error:7.1%}"
        f"{' ' if cell.met else '!'} {np.median(errors):6.1%} {max(errors):6.1%}  {cell.covered} of {len(cell.told)}"
    )


def _error(held: Held) -> float:
    error = held.error
    return float("inf") if error is None else error


def _half(data: Dataset, half: str) -> Dataset:
    """Paired blocks by turns; of each track the first run for the model's making, the others to judge it by."""
    if half == ALL:
        return data
    odd = 1 if half == DEVELOP else 0
    once = {p for p in data.tracks if len({r.block for r in data.runs if r.profile == p}) < 2}
    first = {p: min(r.block for r in data.runs if r.profile == p) for p in data.tracks}

    def its(run: RunData) -> bool:
        if run.profile in once:
            return True
        if run.profile in first:
            return (run.block == first[run.profile]) == (half == DEVELOP)
        return run.block % 2 == odd

    kept = tuple(run for run in data.runs if its(run))
    return replace(data, runs=kept, blocks_valid=tuple(b for b in data.blocks_valid if b % 2 == odd))


def _cells(workspace: Workspace, data: Dataset, target: str) -> Iterator[Cell]:
    rates = data.in_role(Role.EVERYDAY)
    bursts, zeros = data.in_role(Role.BURST), data.in_role(Role.FROM_ZERO)
    for rate in rates:
        fitted = _fitted(workspace, data, target, without=[*(r for r in rates if r != rate), *bursts, *zeros])
        for profile in (*(r for r in rates if r != rate), *bursts, *(zeros if rate == rates[0] else ())):
            cause = "burst" if profile in bursts else "zero" if profile in zeros else "traffic"
            runs = data.of(target, profile)
            held = [h for run in runs for h in held_out(run, fitted, 1, WORLDS, cause)]
            yield from _told(target, rate, profile, held)
            if any(h.quantity is Quantity.P95 and np.isinf(h.measured) for h in held):
                answered = tuple(_answered(run, fitted, cause) for run in runs)
                yield Cell(target, rate, profile, Quantity.P95, "p95 of those answered", answered)


def _fitted(workspace: Workspace, data: Dataset, target: str, without: Sequence[str]) -> Fitted:
    kept = replace(data, runs=tuple(run for run in data.runs if run.profile not in without))
    of = workspace.target(target)
    scaling = scaling_of(of, facts_of(kept.of(target, kept.runs[0].profile)))
    return fit(target, kept, scaling, workspace.retry(), 1)


def _told(target: str, rate: str, profile: str, held: Sequence[Held]) -> Iterator[Cell]:
    for quantity in BOUNDS:
        some = tuple(h for h in held if h.quantity is quantity)
        if some:
            yield Cell(target, rate, profile, quantity, quantity.value, some)


def _answered(run: RunData, fitted: Fitted, cause: str) -> Held:
    """Where so many are refused that p95 is infinite on both sides, which tells little."""
    chosen = run.measured & run.ok
    laws = [one.outcome.response for one in replays(run, fitted, 1, WORLDS, cause)]
    values = [mixed([law], [1.0], 0.95 * (1 - law.infinite / law.n)) for law in laws]
    low, high = quantiles(values)
    was = float(inverted_cdf(run.response_s[chosen], 0.95))
    return Held(run.target, run.profile, run.block, Quantity.P95, was, float(np.median(values)), low, high)
