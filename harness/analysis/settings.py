"""Which setting of a sweep to seal: the cheapest that keeps every promise, or a faster one that costs hardly more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.analysis import slo
from harness.analysis.dataset import Dataset
from harness.domain.estimate import Estimate, Infinite, Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons import choice as reasons
from harness.domain.sweep import Sweep
from harness.domain.target import Target
from harness.domain.verdict import Slo

JUDGED = ("p95_s", "p99_s", "ttft_p95_s", "first_reasoning_p95_s", "error_rate", "goodput", "full_quality_share")


@dataclass(frozen=True)
class SweepPromise:
    """One promise under one profile, as a few short rounds show it: an estimate, no verdict."""

    profile: str
    slo: Slo
    estimate: Known

    @property
    def broken(self) -> bool:
        """By the estimate itself: the campaign judges by intervals, a sweep only chooses what it measures."""
        if isinstance(self.estimate, Unknown):
            return isinstance(self.estimate, Infinite)
        beyond = self.estimate.value < self.slo.limit if self.slo.at_least else self.estimate.value > self.slo.limit
        return bool(beyond)

    @property
    def told(self) -> bool:
        return self.broken or isinstance(self.estimate, Estimate)


@dataclass(frozen=True)
class TriedSetting:
    """One setting: what its rounds show and what it costs a month."""

    name: str
    promises: tuple[SweepPromise, ...]
    per_month_usd: Known  # runtime layer, at the expected traffic
    priced: bool

    @property
    def broken(self) -> tuple[SweepPromise, ...]:
        return tuple(p for p in self.promises if p.broken)

    @property
    def keeps(self) -> bool:
        """Every promise that could be told; the p95 must be."""
        return not self.broken and any(p.told for p in self.promises) and all(p.told for p in self._of("p95_s"))

    @property
    def slowest_p95_s(self) -> float:
        """The worst of its profiles, by which equals are ranked."""
        return max((p.estimate.value for p in self._of("p95_s") if isinstance(p.estimate, Estimate)), default=0.0)

    def _of(self, metric: str) -> list[SweepPromise]:
        return [p for p in self.promises if p.slo.metric == metric]


@dataclass(frozen=True)
class Settings:
    """A sweep's outcome; ``chosen`` is None where none can be chosen, ``reason`` says why either way."""

    target: str
    tried: tuple[TriedSetting, ...]
    rounds: int
    rounds_planned: int
    chosen: str | None
    reason: Reason
    now: tuple[str, ...]  # settings that target.toml has; several where the deployment alone tells them apart

    @property
    def none_keeps(self) -> bool:
        """Whether every setting was seen to break a promise."""
        return bool(self.tried) and all(t.broken for t in self.tried)

    @property
    def untold(self) -> bool:
        """Whether nothing can be chosen, or what was chosen has a promise of which nothing is known."""
        chosen = [t for t in self.tried if t.name == self.chosen]
        return not chosen or not all(p.told for p in chosen[0].promises)

    @property
    def differs(self) -> bool:
        """Whether target.toml has another setting than the one that was chosen."""
        return self.chosen is not None and self.chosen not in self.now


def settings(
    sweep: Sweep,
    targets: Sequence[Target],
    data: Dataset,
    slos: Sequence[Slo],
    limits: tuple[float, float | None],
    month: Callable[[str], Known],
    margin: float,
) -> Settings:
    """What the valid rounds say; ``margin`` is the cost ratio that does not matter, sealed as margins.cost.

    ``month``: USD of a month of the target of that name at the expected traffic.
    """
    promised = [s for s in slos if s.metric in JUDGED]
    named: Mapping[str, Target] = {t.name: t for t in targets}
    tried = []
    for name, setting in zip(sweep.names, sweep.settings, strict=True):
        promises = tuple(
            SweepPromise(p, promise, slo.measured(promise.metric, data.of(name, p), limits))
            for p in data.profiles
            for promise in promised
        )
        tried.append(TriedSetting(setting.name, promises, month(name), named[name].prices is not None))
    chosen, reason = choose(tried, margin)
    rounds = (len(data.blocks_valid), data.blocks_planned)
    return Settings(sweep.target, tuple(tried), *rounds, chosen, reason, sweep.now)


def choose(tried: Sequence[TriedSetting], margin: float) -> tuple[str | None, Reason]:
    """The name and why, or None and why not."""
    kept = [t for t in tried if t.keeps]
    if not any(p.told for t in tried for p in t.promises):
        return None, reasons.NoRoundValid()
    if not kept:
        return None, _nearest(tried)
    if not all(t.priced for t in kept):
        return kept[0].name, reasons.FirstKept()
    costs = {t.name: t.per_month_usd.value for t in kept if isinstance(t.per_month_usd, Estimate)}
    unknown = next((t for t in kept if isinstance(t.per_month_usd, Unknown)), None)
    if unknown is not None and isinstance(unknown.per_month_usd, Unknown):
        return None, reasons.CostUntold(unknown.name, unknown.per_month_usd.reason)
    least = min(costs.values())
    near = [t for t in kept if costs[t.name] <= least * margin]
    best = min(near, key=lambda t: (t.slowest_p95_s, costs[t.name]))
    if costs[best.name] == least:
        return best.name, reasons.CheapestKept()
    return best.name, reasons.FastestNear(margin)


def _nearest(tried: Sequence[TriedSetting]) -> Reason:
    """Of those that none keeps: which comes nearest, and what it breaks."""
    best = min(tried, key=lambda t: (len(t.broken), t.slowest_p95_s))
    if not best.broken:
        return reasons.NoneShownToKeep(best.name)
    return reasons.NoneKeeps(best.name, tuple((p.slo.name, p.profile) for p in best.broken))
